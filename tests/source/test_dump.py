"""Filling the source from a dump: which dumps are taken, and what is said of the others."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess

import pytest

from cli import options
from cli.database import query
from cli.errors import UserError
from cli.paths import REPOSITORY
from cli.processes.postgres import find_binaries, psql
from source.dump import check, restore
from source.errors import FillError

SCHEMA = (REPOSITORY / "source" / "bikes_store" / "schema.sql").read_text()
ROWS = "COPY sales.salesreason (salesreasonid, name, reasontype) FROM stdin;\n1\tPrice\tOther\n\\.\n"


@pytest.fixture
def empty(postgres):
    return postgres.create_database("test_dump")


@pytest.fixture(scope="module")
def filled(postgres):
    """A small source; tests only dump it."""
    dsn = postgres.create_database("test_dumped")
    psql(dsn).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(dsn).run(
        statement="INSERT INTO sales.salesreason (salesreasonid, name, reasontype) VALUES (1, 'Price', 'Other'),"
        " (2, 'Ärger', '')"
    )
    return dsn


def pg_dump(dsn, file, *options):
    connection = psql(dsn)
    command = [str(find_binaries() / "pg_dump"), "-f", str(file), *options]
    subprocess.run(command, env={**os.environ, **connection.connection}, check=True)
    return file


def dump(tmp_path, text):
    path = tmp_path / "dump of a server.sql"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def reasons(dsn):
    return query(dsn, "SELECT name FROM sales.salesreason ORDER BY salesreasonid")


def test_dump_with_roles_settings_and_extensions_of_its_own_server(empty, tmp_path):
    """A newer pg_dump writes such lines around the tables; their owner is unknown here."""
    restore(
        psql(empty),
        dump(
            tmp_path,
            "SET transaction_timeout_of_a_newer_release = 0;\n"
            "CREATE SCHEMA public;\n"
            'CREATE EXTENSION IF NOT EXISTS "no-such-extension" WITH SCHEMA public;\n'
            "COMMENT ON EXTENSION \"no-such-extension\" IS 'x';\n"
            f"{SCHEMA}\n"
            "ALTER TABLE sales.customer OWNER TO somebody_else;\n"
            f"GRANT SELECT ON sales.customer TO somebody_else;\n{ROWS}",
        ),
    )
    assert reasons(empty) == [("Price",)]


@pytest.mark.parametrize("how", [[], ["--clean"], ["--clean", "--if-exists"], ["--inserts"], ["--role=postgres"]])
def test_what_pg_dump_writes_is_taken(empty, filled, tmp_path, how):
    restore(psql(empty), pg_dump(filled, tmp_path / "dump.sql", *how))
    assert reasons(empty) == [("Price",), ("Ärger",)]


def test_a_dump_may_be_packed_with_gzip_and_made_of_two(empty, filled, tmp_path):
    parts = [pg_dump(filled, tmp_path / "part.sql", f"--{part}-only").read_bytes() for part in ("schema", "data")]
    packed = tmp_path / "dump"
    packed.write_bytes(b"".join(map(gzip.compress, parts)))
    check(packed)
    restore(psql(empty), packed)
    assert reasons(empty) == [("Price",), ("Ärger",)]


@pytest.mark.parametrize("end", ["", ";", "\n\n", "\r\n", "-- done"])
def test_sql_that_a_person_wrote_has_no_last_line_of_pg_dump(empty, tmp_path, end):
    restore(psql(empty), dump(tmp_path, f"BEGIN;{SCHEMA}{ROWS}COMMIT;\nSET ROLE pg_monitor{end}"))
    assert reasons(empty) == [("Price",)]


def test_files_that_a_dump_names_are_beside_it(empty, tmp_path):
    (tmp_path / "rows.csv").write_text("1,Price,Other\n")
    (tmp_path / "tables.sql").write_text(SCHEMA)
    copy = "\\copy sales.salesreason (salesreasonid, name, reasontype) FROM 'rows.csv' CSV"
    restore(psql(empty), dump(tmp_path, f"\\i tables.sql\n{copy}\n"))
    assert reasons(empty) == [("Price",)]


COPY_OF_ONE_COLUMN = "CREATE TABLE words (word text); COPY words FROM stdin;\none\ntwo"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1;", "does not make the tables that are extracted: person.person, "),
        ("this is no SQL;", r"can't be loaded \(1 errors\). line 1: syntax error"),
        (f"{SCHEMA}\nINSERT INTO sales.store (name) VALUES ('x');", "line .*: null value in column"),
        (f"{SCHEMA}\nINSERT INTO sales.nothing VALUES (1);", 'line .*: relation "sales.nothing" does not exist'),
        (f"{SCHEMA}\n\\copy sales.store FROM 'gone.csv'", "line .*: gone.csv: No such file or directory"),
        (f"{SCHEMA}\n\\i gone.sql", "line .*: gone.sql: No such file or directory"),
        (f"\\set ON_ERROR_STOP on\n{SCHEMA}\nno SQL;", "psql stopped. line .*: syntax error"),
        (f"\\connect gone\n{SCHEMA}", 'psql stopped. line 1: .*database "gone" does not exist'),
        # Cut off in the middle of …
        (f"{SCHEMA}\n{ROWS[:-4]}", "is cut off: it ends inside a COPY block"),
        (f"{SCHEMA}\n{ROWS[:-9]}", "is cut off: it ends inside a COPY block"),
        (f"{SCHEMA}\n{COPY_OF_ONE_COLUMN}", "is cut off: it ends inside a COPY block"),
        (f"{SCHEMA}\nBEGIN;\n{ROWS}", "is cut off: it ends inside .* a transaction"),
        (f"{SCHEMA}\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT", "is cut off: .* a statement"),
        (f"{SCHEMA}\n/* {ROWS}", "is cut off: .* a statement"),
        (f"{SCHEMA}\n\\if false\n{ROWS}", "is cut off: it ends inside"),
        (f"{SCHEMA}\n\\q\n{ROWS}", "is cut off: .* or leaves psql"),
        (f"--\n-- PostgreSQL database dump\n--\n{SCHEMA}\n{ROWS}", "is cut off: pg_dump's last line, .* is missing"),
        (
            b"\xff\xfe" + "SELECT 1;".encode("utf-16-le"),
            "is UTF-16, as PowerShell's > writes it.* `pg_dump -f source.sql",
        ),
        ("SELECT 1;".encode("utf-16-le"), "is no text, so it is not SQL"),
        (gzip.compress("SELECT 1;".encode("utf-16")), "is UTF-16"),
        (gzip.compress(SCHEMA.encode())[:-20], "is a broken or cut-off gzip file"),
        (gzip.compress(SCHEMA.encode())[:99] + b"xx", "is a broken or cut-off gzip file"),
        (bz2.compress(b"SELECT 1;"), "is compressed with bzip2, not SQL: unpack it with `bunzip2 "),
        (lzma.compress(b"SELECT 1;"), "is compressed with xz, not SQL: unpack it with `unxz "),
    ],
    ids=lambda value: "bytes" if isinstance(value, bytes) else None,
)
def test_dump_that_is_none_is_refused_in_a_sentence(empty, tmp_path, text, says):
    with pytest.raises(FillError, match=says):
        restore(psql(empty), dump(tmp_path, text))


@pytest.mark.parametrize(("letter", "what"), [("c", "an archive"), ("t", "a tar archive"), ("d", "a folder")])
def test_pg_dumps_other_formats_are_named_with_the_command_that_makes_sql(filled, tmp_path, letter, what):
    file = pg_dump(filled, tmp_path / "dump", f"-F{letter}")
    says = f"is {what} of pg_dump, not SQL: turn it into SQL with `pg_restore --no-owner -f source.sql {file}`"
    with pytest.raises(FillError, match=says):
        check(file)
    with pytest.raises(UserError, match=says):  # before anything is started
        options.dump({"SOURCE_SQL": str(file)})


def test_a_dump_of_a_database_of_another_name_is_refused(postgres, empty, filled, tmp_path):
    renamed = pg_dump(filled, tmp_path / "dump.sql", "--create")
    renamed.write_text(renamed.read_text().replace("test_dumped", "test_somewhere"))
    with pytest.raises(FillError, match="fills the database test_somewhere in place of test_dump: make it again "):
        restore(psql(empty), renamed)
    psql(empty).run(statement="DROP DATABASE test_somewhere")
    same = dump(tmp_path, renamed.read_text().replace("test_somewhere", "test_dump"))
    restore(psql(empty), same)
    assert reasons(empty) == [("Price",), ("Ärger",)]


def test_a_file_that_is_missing_or_closed_to_us_is_refused(empty, tmp_path):
    with pytest.raises(FillError, match="is not a file"):
        restore(psql(empty), tmp_path / "none.sql")
    with pytest.raises(FillError, match=r"is not a file|can't be read \(File name too long\)"):
        check(tmp_path / ("x" * 300))

"""Filling the source from a dump."""

from __future__ import annotations

import pytest

from cli.database import query
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from source.fill import MAX_SCALE, FillError, fill, read_scale, restore

SCHEMA = (REPOSITORY / "source" / "bikes_store" / "schema.sql").read_text()


@pytest.fixture
def empty(postgres):
    return postgres.create_database("test_dump")


def dump(tmp_path, text):
    path = tmp_path / "dump of a server.sql"
    path.write_text(text)
    return path


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
            "GRANT SELECT ON sales.customer TO somebody_else;\n"
            "COPY sales.salesreason (salesreasonid, name, reasontype) FROM stdin;\n1\tPrice\tOther\n\\.\n",
        ),
    )
    assert query(empty, "SELECT name FROM sales.salesreason") == [("Price",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1;", "does not make the tables that are extracted: person.person, "),
        ("this is no SQL;", r"can't be loaded \(1 errors\). line 1: syntax error"),
        (f"{SCHEMA}\nINSERT INTO sales.store (name) VALUES ('x');", "line .*: null value in column"),
        ("PGDMP\x01\x0e", r"is an archive of pg_dump, not SQL: turn it into SQL with `pg_restore"),
    ],
)
def test_dump_that_is_none_is_refused_in_a_sentence(empty, tmp_path, text, says):
    with pytest.raises(FillError, match=says):
        restore(psql(empty), dump(tmp_path, text))


def test_missing_file_is_refused(empty, tmp_path):
    with pytest.raises(FillError, match="is not a file"):
        restore(psql(empty), tmp_path / "none.sql")


def test_a_fill_that_was_cut_off_starts_again_and_one_that_is_done_stays(services, empty, tmp_path):
    reader = services.settings.passwords("source_reader")
    rows = "COPY sales.salesreason (salesreasonid, name, reasontype) FROM stdin;\n1\tPrice\tOther\n\\.\n"
    with pytest.raises(FillError, match="can't be loaded"):
        fill(psql(empty), 1, dump(tmp_path, f"{SCHEMA}\n{rows}\nno SQL;"), reader)
    assert fill(psql(empty), 1, dump(tmp_path, f"{SCHEMA}\n{rows}"), reader)
    psql(empty).run(statement="UPDATE sales.salesreason SET name = 'Review'")
    assert not fill(psql(empty), 1, dump(tmp_path, "no SQL;"), reader)
    assert query(empty, "SELECT name FROM sales.salesreason") == [("Review",)]


def test_tables_of_somebody_else_are_left_alone(empty):
    psql(empty).run(statement="CREATE SCHEMA sales; CREATE TABLE sales.theirs (a int)")
    with pytest.raises(FillError, match="give an empty one"):
        fill(psql(empty), 1, None, {})
    assert query(empty, "SELECT count(*) FROM sales.theirs") == [(0,)]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "ten", "1001", "10000"])
def test_a_wrong_scale_is_refused(text):
    with pytest.raises(FillError, match=rf"SCALE={text} must be a whole number from 1 to {MAX_SCALE}"):
        read_scale(text)


def test_scale_is_one_where_none_is_given():
    assert (read_scale(""), read_scale("10")) == (1, 10)

"""Restore the transaction database from an SQL dump, and refuse one that is not whole.

psql runs the dump, because only psql knows its COPY blocks and backslash commands. It is content with much that loses
rows: an error, a COPY block without an end, a transaction that nobody commits. So the dump is followed by a statement
of our own, and only a dump that has come to its end lets that statement run.
"""

from __future__ import annotations

import gzip
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from bikes_store.tables import TABLES
from source.errors import FillError
from source.psql import Psql

# Errors in a dump of another server that do not matter here. They come from roles and settings of that server, from
# commands of a newer psql, and from what every new database already has.
_HARMLESS = re.compile(
    r'role "[^"]*" does not exist'
    r'|unrecognized configuration parameter "[^"]*"'
    r'|schema "public" already exists'
    r'|(database|extension) "[^"]*" already exists'
    r"|cannot drop the currently open database"
    r'|extension "[^"]*" is not available'
    r"|must be owner of extension [^ ]*"
    r'|could not open extension control file "[^"]*": No such file or directory'
    r'|extension "[^"]*" does not exist'
    r"|invalid command \\(un)?restrict"
)
# `pg_dump --clean` drops everything first. In an empty database, what it drops does not exist.
_DROPS = re.compile(r"DROP\b|ALTER\b.*\bDROP\b", re.IGNORECASE)
_GONE = re.compile(r".* does not exist")

# psql writes ERROR for the server's errors, and error for its own, such as a file that is missing.
_ERROR = re.compile(r"psql:(?P<file>.*?):(?P<line>\d+): (?:ERROR|FATAL|PANIC|error|fatal): +(?P<text>.*)")
_STATEMENT = re.compile(r"psql:.*?:\d+: STATEMENT: +(?P<text>.*)")

# What a file begins with that is no SQL => what it is, and how to make SQL of it. {dump} is the file.
_RESTORE = "turn it into SQL with `pg_restore --no-owner -f source.sql {dump}`"
_NO_SQL = (
    (b"PGDMP", "an archive of pg_dump", _RESTORE),
    (b"toc.dat\0", "a tar archive of pg_dump", _RESTORE),
    (b"\xff\xfe", "UTF-16, as PowerShell's > writes it", "make it again with `pg_dump -f source.sql …`"),
    (b"\xfe\xff", "UTF-16", "make it again with `pg_dump -f source.sql …`"),
    (b"BZh", "compressed with bzip2", "unpack it with `bunzip2 {dump}`"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it with `unxz {dump}`"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with `unzstd {dump}`"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "unpack it with `unlz4 {dump}`"),
    (b"PK\x03\x04", "a zip archive", "unpack it with `unzip {dump}`"),
)
_GZIP = b"\x1f\x8b"
_HEAD = 4096  # what is read of a file to know what it is
_CHUNK = 1 << 20

# The first and the last line of what pg_dump writes.
_FIRST_LINE = re.compile(rb"^-- PostgreSQL database dump\r?$", re.MULTILINE)
_LAST_LINE = re.compile(rb"^-- PostgreSQL database dump complete\r?$", re.MULTILINE)

#: What the comment on the database begins with until the database is filled.
FILLING = "bikes-store: filling"


@dataclass
class _Error:
    line: str
    text: str
    statement: str = ""

    @property
    def harmless(self) -> bool:
        drops_nothing = _DROPS.match(self.statement) and _GONE.fullmatch(self.text)
        return bool(drops_nothing or _HARMLESS.fullmatch(self.text))


def check(dump: Path) -> None:
    """Check that a file may be an SQL dump, plain or packed with gzip. Only its beginning is read.

    :raises FillError: when it can't be read, or is something else; the message says what, and how to make SQL of it.
    """
    next(iter(_Text(dump)), None)


def restore(psql: Psql, dump: Path) -> None:
    """Run an SQL dump, plain or packed with gzip, into an empty database.

    A dump of another server names roles, settings and extensions that this server lacks. Such errors are ignored. A
    file that the dump names is looked for beside the dump. The comment on the database is overwritten.

    :raises FillError: when the dump can't be read, is cut off, or a statement of it fails. The message has the first
        errors.
    """
    text, end = _Text(dump), f"{FILLING}, dump {secrets.token_hex(8)} has ended"
    done = psql.feed(_followed(text, end), dump.parent)
    errors = [error for error in _errors(done.stderr.splitlines()) if not error.harmless]
    first = "; ".join(f"line {error.line}: {error.text}" for error in errors[:3])
    if done.returncode != 0:
        raise FillError(
            f"SOURCE_SQL={dump} can't be loaded, since psql stopped. {first or done.stderr.strip()[-500:]}."
        )
    if text.lacks_last_line():
        raise FillError(
            f"SOURCE_SQL={dump} is cut off: pg_dump's last line, `-- PostgreSQL database dump complete`, is missing."
            " Make the dump again."
        )
    if not (databases := _marked(psql, end)):
        raise FillError(
            f"SOURCE_SQL={dump} is cut off: it ends inside a COPY block, a statement or a transaction, or leaves psql."
            " Make the dump again."
        )
    if databases != [psql.database]:
        raise FillError(
            f"SOURCE_SQL={dump} fills the database {databases[0]} in place of {psql.database}: make it again without"
            " pg_dump's option --create."
        )
    if errors:
        raise FillError(f"SOURCE_SQL={dump} can't be loaded ({len(errors)} errors). {first}.")
    listed = ", ".join(f"'{table.source}'" for table in TABLES.values())
    missing = psql.lines(f"SELECT name FROM unnest(ARRAY[{listed}]) AS name WHERE to_regclass(name) IS NULL")
    if missing:
        raise FillError(f"SOURCE_SQL={dump} does not make the tables that are extracted: {', '.join(missing)}.")


def _open(dump: Path) -> BinaryIO:
    """The SQL of a dump, unpacked."""
    with _reading(dump):
        if (dump / "toc.dat").is_file():
            raise FillError(f"SOURCE_SQL={dump} is a folder of pg_dump, not SQL: {_RESTORE.format(dump=dump)}.")
        if not dump.is_file():
            raise FillError(f"SOURCE_SQL={dump} is not a file.")
        with dump.open("rb") as file:
            is_gzip = file.read(len(_GZIP)) == _GZIP
        return cast(BinaryIO, gzip.open(dump)) if is_gzip else dump.open("rb")


@contextmanager
def _reading(dump: Path) -> Iterator[None]:
    """Say in a sentence why a file can't be read."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FillError(f"SOURCE_SQL={dump} is a broken or cut-off gzip file ({error}): make it again.") from None
    except OSError as error:
        raise FillError(f"SOURCE_SQL={dump} can't be read ({error.strerror or error}).") from None


class _Text:
    """The chunks of a dump, watched for pg_dump's first and last line while they pass."""

    def __init__(self, dump: Path) -> None:
        self._dump = dump
        self._begun = self._complete = 0

    def __iter__(self) -> Iterator[bytes]:
        """:raises FillError: when the file can't be read, or is no SQL."""
        rest = b""
        with _reading(self._dump), _open(self._dump) as file:
            chunk = file.read(_CHUNK)
            self._check(chunk[:_HEAD])
            while chunk:
                yield chunk
                lines, newline, rest = (rest + chunk).rpartition(b"\n")
                self._watch(lines + newline)
                chunk = file.read(_CHUNK)
        self._watch(rest)

    def _check(self, head: bytes) -> None:
        for sign, what, command in _NO_SQL:
            if head.startswith(sign):
                raise FillError(f"SOURCE_SQL={self._dump} is {what}, not SQL: {command.format(dump=self._dump)}.")
        if b"\0" in head:
            raise FillError(
                f"SOURCE_SQL={self._dump} is no text, so it is not SQL: make it with `pg_dump -f source.sql …`."
            )

    def _watch(self, lines: bytes) -> None:
        self._begun += len(_FIRST_LINE.findall(lines))
        self._complete += len(_LAST_LINE.findall(lines))

    def lacks_last_line(self) -> bool:
        """After the last chunk: whether pg_dump made this and it is cut off. What a person wrote has neither line."""
        return self._complete < self._begun


def _followed(text: Iterable[bytes], end: str) -> Iterator[bytes]:
    """The dump, and then a statement that gives the database a comment. Inside a COPY block or a string it is none."""
    yield from text
    comment = f"EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '{end}')"
    yield f"\n;\nRESET SESSION AUTHORIZATION;\nDO $bikes_store$ BEGIN {comment}; END $bikes_store$;\n".encode()


def _marked(psql: Psql, end: str) -> list[str]:
    """The databases with this comment."""
    return psql.lines(f"SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = '{end}'")


def _errors(said: Iterable[str]) -> Iterator[_Error]:
    """What psql calls an error, each with the first line of its statement."""
    error = None
    wants_statement = False
    for line in said:
        if found := _ERROR.fullmatch(line):
            if error:
                yield error
            error, wants_statement = _Error(found["line"], found["text"]), False
        elif error and (statement := _STATEMENT.fullmatch(line)):
            error.statement, wants_statement = statement["text"], statement["text"].startswith("--")
        elif error and wants_statement and line and not line.startswith("--"):
            error.statement, wants_statement = line, False
    if error:
        yield error

"""Does the staging area hold what the source holds? In incremental mode, nothing else would show what a window missed:
rows that were deleted, that changed without a new change time, or that came late.

Both databases hash their own rows, so no row travels for it. The source hashes in the snapshot of the extract, the
staging area in the transaction of the load. What travels is one of two:

- a list of each key with its row's hash, in an object of its own. With it, a load deletes what the source has deleted,
  and it can say which rows differ;
- on days without a list, the sums of the hashes, in the object's metadata.

Hashing costs more than all else here, so a day with a list makes no sums.

MD5 takes 0.22 seconds of processor time for 121,317 order lines. PostgreSQL's own hash function takes 0.09, but it may
change from one release or processor to the next, and the two servers need not be alike. So it is used when both give
the same for one text (:func:`probe`), and MD5 when they do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql

from bikes_store.columns import Types, value, values
from bikes_store.tables import STAGING_SCHEMA, Table

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

#: The column of a list that holds the hash of a row, beside those of the key.
HASH = "row_hash"

# What PostgreSQL's own hash function is tried on. It is as long as a row, so that the function takes all of its steps.
_PROBE = '(43659,1,4911-403C-98,1,776,1,2024.9940,0,b207c96d-d9e6-402b-8470-2cc176c42283,"2011-05-31 00:00:00")'

# The kinds of rows that differ.
_MISSING, _OTHER, _GONE = "missing rows", "rows with other values", "rows deleted in the source"


@dataclass(frozen=True)
class Fingerprint:
    """What a table holds, in three numbers: its rows, and the sums of the hashes of its keys and of its whole rows."""

    rows: int
    keys: int
    values: int

    def __str__(self) -> str:
        return f"{self.rows},{self.keys},{self.values}"

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        """The fingerprint that ``str()`` wrote.

        :raises ValueError: when the text is something else.
        """
        rows, keys, values = map(int, text.split(","))
        return cls(rows, keys, values)


@dataclass(frozen=True)
class Difference:
    """In what the staging area differs from the source.

    ``rows`` is how many rows differ, at least; 0 when nothing does. ``text`` says what differs, for a person.
    """

    rows: int = 0
    text: str = ""


NO_DIFFERENCE = Difference()


def probe(cursor: Cursor) -> int | None:
    """What a server's own hash function gives for a text that is always the same. Two servers that give the same hash
    all rows alike; None when this one can't be relied on for that.
    """
    connection = cursor.connection
    # The function hashes the bytes of the server's encoding. It exists since PostgreSQL 11.
    if connection.server_version < 110000 or connection.info.parameter_status("server_encoding") != "UTF8":
        return None
    cursor.execute("SELECT hashtextextended(%s, 0)", (_PROBE,))
    ((found,),) = cursor.fetchall()
    return int(found)


def list_name(table: Table) -> str:
    """What the object with the list of a table's keys is called, as the source in its manifest."""
    return f"{table.source}/keys"


def list_columns(table: Table) -> tuple[str, ...]:
    """The columns of a list of a table's keys."""
    return (*table.key, HASH)


def fingerprint(
    cursor: Cursor, table: Table, relation: sql.Composable, own_hash: bool, types: Types | None = None
) -> Fingerprint:
    """Hash all rows of a table.

    :param cursor: in a session with the settings of :data:`bikes_store.database.PLAIN_VALUES`.
    :param relation: the table in that database.
    :param own_hash: whether to use PostgreSQL's own hash function.
    :param types: of its columns. The staging area's need not be given.
    """
    cursor.execute(
        sql.SQL("SELECT count(*), coalesce(sum({}), 0), coalesce(sum({}), 0) FROM {}").format(
            _hash(table.key, types or {}, own_hash), _hash(table.columns, types or {}, own_hash), relation
        )
    )
    ((rows, keys, values),) = cursor.fetchall()
    return Fingerprint(int(rows), int(keys), int(values))


def list_query(table: Table, relation: sql.Composable, own_hash: bool, types: Types) -> sql.Composed:
    """The query that lists the keys of a table with the hashes of its rows."""
    return sql.SQL("SELECT {}, {} AS {} FROM {}").format(
        values(table.key, types),
        _hash(table.columns, types, own_hash),
        sql.Identifier(HASH),
        relation,
    )


def differ(source: Fingerprint, staging: Fingerprint) -> Difference:
    """What the numbers alone say."""
    if source == staging:
        return NO_DIFFERENCE
    if staging.rows != source.rows:
        return Difference(
            abs(staging.rows - source.rows), f"staging has {staging.rows:,} rows, the source {source.rows:,}"
        )
    if staging.keys != source.keys:
        return Difference(2, "staging has as many rows as the source, but not the same ones")
    return Difference(1, "staging has the same rows as the source, but some with other values")


def differ_by_list(cursor: Cursor, table: Table, listed: sql.Composable, own_hash: bool) -> tuple[int, Difference]:
    """How many rows of the staging area the source has deleted, and in what the others differ from the source: how many
    are missing or have other values, with a key of each kind.

    :param cursor: of the staging area, in a session with the settings of :data:`bikes_store.database.PLAIN_VALUES`.
    :param listed: a table with the list of the source's keys.
    :param own_hash: whether the list was made with PostgreSQL's own hash function.
    """
    cursor.execute(
        # Both sides read their rows once. A hash is never null, so a null says that the other side has no such row.
        sql.SQL(
            "SELECT CASE WHEN held.{hash} IS NULL THEN {missing} WHEN listed.{hash} IS NULL THEN {gone} ELSE {other}"
            " END, count(*), min(row({listed_key})::text)"
            " FROM (SELECT {key}, {row_hash} AS {hash} FROM {held}) AS held FULL JOIN {listed} AS listed ON {same}"
            " WHERE held.{hash} IS DISTINCT FROM listed.{hash} GROUP BY 1"
        ).format(
            hash=sql.Identifier(HASH),
            missing=sql.Literal(_MISSING),
            gone=sql.Literal(_GONE),
            other=sql.Literal(_OTHER),
            listed_key=_qualified("listed", table.key),
            listed=listed,
            key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
            row_hash=_hash(table.columns, {}, own_hash),
            held=sql.Identifier(STAGING_SCHEMA, table.name),
            same=sql.SQL("({}) = ({})").format(_qualified("listed", table.key), _qualified("held", table.key)),
        )
    )
    found = {kind: (count, example) for kind, count, example in cursor.fetchall()}
    gone, _ = found.pop(_GONE, (0, ""))
    parts = [f"{kind}: {count:,}, such as {example}" for kind, (count, example) in sorted(found.items())]
    return gone, Difference(sum(count for count, _ in found.values()), "; ".join(parts))


def _hash(columns: Iterable[str], types: Types, own_hash: bool) -> sql.Composed:
    """64 bits of a row, from its values as COPY writes them; null is not the same as an empty text."""
    text = sql.SQL("row({})::text").format(sql.SQL(", ").join(value(column, types) for column in columns))
    if own_hash:
        return sql.SQL("hashtextextended({}, 0)").format(text)
    return sql.SQL("('x' || left(md5(convert_to({}, 'UTF8')), 16))::bit(64)::bigint").format(text)


def _qualified(alias: str, columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)

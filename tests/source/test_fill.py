"""Filling the source once: what is empty, what was cut off, what is somebody else's."""

from __future__ import annotations

import pytest

from cli.database import query
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from source.errors import FillError
from source.fill import MAX_SCALE, fill, read_scale

SCHEMA = (REPOSITORY / "source" / "bikes_store" / "schema.sql").read_text()


@pytest.fixture
def empty(postgres):
    return postgres.create_database("test_dump")


def dump(tmp_path, text):
    path = tmp_path / "dump of a server.sql"
    path.write_text(text)
    return path


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

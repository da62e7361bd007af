"""Rows that the source hides from the pipeline's role: the extract says so, and staging keeps what it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg2.extensions import make_dsn

from bikes_store.errors import Refused

READER = "test_plain_reader"


@pytest.fixture
def reader(small_source) -> Iterator[None]:
    """The pipeline, whose extract logs in as a role that may read and no more."""
    small_source.in_source(f"CREATE ROLE {READER} LOGIN PASSWORD 'reader'")
    small_source.in_source(f"GRANT USAGE ON SCHEMA sales TO {READER}; GRANT SELECT ON sales.customer TO {READER}")
    dsn = make_dsn(small_source.source_dsn, user=READER, password="reader")
    yield replace(small_source, source_dsn=dsn)
    small_source.in_source(f"DROP OWNED BY {READER}; DROP ROLE {READER}")


@pytest.mark.parametrize(
    "policy",
    ["", "CREATE POLICY a_few ON sales.customer USING (territoryid = 2)"],
    ids=["the policies got lost", "a policy shows some rows"],
)
def test_hidden_rows_are_refused_and_staging_keeps_its_rows(small_source, reader, policy):
    reader.run("customer")
    small_source.in_source(f"ALTER TABLE sales.customer ENABLE ROW LEVEL SECURITY; {policy}")
    with pytest.raises(Refused, match=rf"does not let the role {READER} read every row of sales\.customer .*BYPASSRLS"):
        reader.run("customer")
    assert len(small_source.staging_rows("customer")) == 1


def test_a_role_that_sees_all_rows_reads_them(small_source, reader):
    small_source.in_source("ALTER TABLE sales.customer ENABLE ROW LEVEL SECURITY")
    small_source.in_source(f"ALTER ROLE {READER} BYPASSRLS")
    assert reader.run("customer")["customer"].rows == 1


def test_a_table_without_a_grant_is_refused_in_the_same_words(reader):
    with pytest.raises(Refused, match=rf"the role {READER} read every row of sales\.store \(permission denied"):
        reader.extract("store", "r")

"""Columns that get another type in the source: what staging holds is the source's text, or the load fails."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import datetime

import psycopg2
import pytest

from bikes_store import columns, retyped
from bikes_store.errors import Refused
from bikes_store.tables import TABLES
from bikes_store.window import Window
from cli.database import query
from tests.support.pipeline import DAY

LATER = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))  # nothing changed on that day


def retype(pipeline, column, data_type, value=None):
    """Give a column of the products another type, and their rows a value. Checks and defaults stand in the way."""
    constraints = query(
        pipeline.source_dsn,
        "SELECT format('ALTER TABLE production.product DROP CONSTRAINT %I', conname) FROM pg_constraint"
        " WHERE conrelid = 'production.product'::regclass AND contype = 'c'",
    )
    for (statement,) in constraints:
        pipeline.in_source(statement)
    using = f"'{value}'::{data_type}" if value is not None else f"{column}::text::{data_type}"
    pipeline.in_source(
        f"ALTER TABLE production.product ALTER {column} DROP DEFAULT, ALTER {column} TYPE {data_type} USING {using}"
    )


# The types are those of the staging area: numeric(8,2), numeric, integer, smallint, character(3), character
# varying(5), timestamp, uuid, character varying(25).
@pytest.mark.parametrize(
    ("column", "data_type", "value", "says"),
    [
        ("weight", "numeric", "1.005", "'1.005' would become '1.01'"),
        ("weight", "numeric", "1.5", "'1.5' would become '1.50'"),
        ("weight", "numeric(9,3)", "1.500", "'1.500' would become '1.50'"),
        ("weight", "double precision", "0.125", "'0.125' would become '0.13'"),
        ("weight", "numeric", "1234567", "not every value fits: numeric field overflow"),
        ("listprice", "double precision", "1e+20", "'1e+20' would become '100000000000000000000'"),
        ("listprice", "money", "3.99", 'not every value fits: invalid input syntax for type numeric: "$3.99"'),
        ("listprice", "text", "1e3", "'1e3' would become '1000'"),
        ("listprice", "text", " 7 ", "' 7 ' would become '7'"),
        ("daystomanufacture", "bigint", "3000000000", 'not every value fits: value "3000000000" is out of range'),
        ("daystomanufacture", "text", "007", "'007' would become '7'"),
        ("daystomanufacture", "text", "", "invalid input syntax for type integer"),
        ("daystomanufacture", "boolean", "true", 'not every value fits: invalid input syntax for type integer: "t"'),
        ("safetystocklevel", "integer", "40000", 'not every value fits: value "40000" is out of range'),
        ("sizeunitmeasurecode", "text", "CM", "'CM' would become 'CM '"),
        ("sizeunitmeasurecode", "text", "CM   ", "'CM   ' would become 'CM '"),
        ("size", "text", "L      ", "'L      ' would become 'L    '"),
        ("size", "text", "very large", "'very large' would become 'very '"),
        ("size", "bytea", "xx", r"'\\x7878' would become '\\x787'"),
        (
            "sellstartdate",
            "text",
            "03/04/2024",
            'not every value fits: date/time field value out of range: "03/04/2024"',
        ),
        ("sellstartdate", "text", "today", "'today' would become '20"),
        ("sellstartdate", "text", "2024-01-01 00:00:00.1234567", "would become '2024-01-01 00:00:00.123457'"),
        ("sellstartdate", "date", "2024-01-01", "'2024-01-01' would become '2024-01-01 00:00:00'"),
        ("sellstartdate", "text", "2024-01-01 00:00:00+02", "would become '2024-01-01 00:00:00'"),
        ("rowguid", "text", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "would become 'a0eebc99-"),
    ],
)
def test_a_value_that_would_not_stay_as_it_is_is_refused(small_source, column, data_type, value, says):
    retype(small_source, column, data_type, value)
    with pytest.raises(Refused, match=re.escape(says)) as refusal:
        small_source.run("product")
    assert str(refusal.value).startswith(
        f"The source does not keep its contract for production.product: {column} is of type {data_type}, and of type "
    )
    assert str(refusal.value).endswith(
        "; change the source back, or the column in warehouse/staging.sql and in the warehouse."
    )
    assert small_source.staging_rows("product") == []


def test_it_is_refused_too_when_the_table_has_rows(small_source):
    small_source.run("product")
    before = small_source.staging_rows("product")
    retype(small_source, "weight", "numeric", "1.005")
    with pytest.raises(Refused, match=r"'1\.005' would become '1\.01'"):
        small_source.run("product")
    assert small_source.staging_rows("product") == before


@pytest.mark.parametrize(
    ("column", "data_type", "value"),
    [
        ("daystomanufacture", "bigint", "7"),
        ("daystomanufacture", "text", "70"),
        ("daystomanufacture", "numeric", "7"),
        ("safetystocklevel", "integer", "32767"),
        ("listprice", "text", "0.10"),
        ("listprice", "double precision", "0.1"),
        ("listprice", "numeric(10,2)", "3.90"),
        ("weight", "numeric(6,2)", "1.50"),
        ("weight", "double precision", "0.25"),
        ("size", "text", "  L  "),
        ("size", "character varying(50)", "L"),
        ("sizeunitmeasurecode", "text", "CM "),
        ("sellstartdate", "text", "2024-01-01 00:00:00.5"),
        ("sellstartdate", "timestamp(3)", "2024-01-01 00:00:00.125"),
        ("rowguid", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("makeflag", "text", "perhaps"),
        ("name", "bytea", "\\x00ff"),
        ("name", "money", "12345.67"),
    ],
)
def test_a_value_that_stays_as_it_is_is_taken(small_source, caplog, column, data_type, value):
    small_source.run("product")
    retype(small_source, column, data_type, value)
    assert small_source.run("product")["product"].written == 1
    assert small_source.staging_rows("product") == small_source.source_rows("product")
    result = small_source.run_day("product", LATER, list_keys=True)
    assert (result.difference.rows, result.written) == (0, 0)
    takes_any_text = column in ("makeflag", "name")
    assert (f"production.product: {column} is of type {data_type}" in caplog.text) is not takes_any_text


def test_null_stays_null(small_source):
    retype(small_source, "weight", "text")
    small_source.run("product")
    assert small_source.staging_rows("product") == small_source.source_rows("product")


@pytest.mark.parametrize("precision", ["", "(3)"])
def test_times_with_a_zone_are_taken_in_any_column(small_source, caplog, precision):
    """Not only as the change time. They arrive in UTC, and nothing is said, as nothing can be lost."""
    small_source.in_source("ALTER DATABASE test_source SET timezone = 'Asia/Tokyo'")
    retype(small_source, "sellstartdate", f"timestamp{precision} with time zone", "2024-01-01 00:00:00.25+02")
    small_source.run("product")
    staged = query(small_source.warehouse_dsn, "SELECT sellstartdate::text FROM bikes_store_staging.product")
    assert staged == [("2023-12-31 22:00:00.25",)]
    assert small_source.run_day("product", LATER, list_keys=True).difference.rows == 0
    assert "sellstartdate" not in caplog.text


def test_a_day_as_change_time_is_the_moment_at_which_it_begins(small_source):
    retype(small_source, "modifieddate", "date", "2024-09-01")
    result = small_source.run_day("product", DAY, list_keys=True)
    assert (result.rows, result.difference.rows) == (1, 0)
    staged = query(small_source.warehouse_dsn, "SELECT modifieddate::text FROM bikes_store_staging.product")
    assert staged == [("2024-09-01 00:00:00",)]


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres, MDY"])
def test_the_warehouses_own_way_to_write_values_does_not_matter(small_source, style):
    small_source.in_staging(f"ALTER DATABASE test_warehouse SET datestyle = '{style}'")
    retype(small_source, "sellstartdate", "text", "2024-04-03 00:00:00")
    small_source.run("product")
    (row,) = query(
        small_source.warehouse_dsn, "SELECT extract(month FROM sellstartdate) FROM bikes_store_staging.product"
    )
    assert row == (4,)


def test_of_the_sources_own_schema_no_column_is_converted(small_source):
    with closing(psycopg2.connect(small_source.warehouse_dsn)) as staging, staging.cursor() as cursor:
        for name, table in TABLES.items():
            manifest = small_source.extract(name, "r")
            assert len(manifest.types) == len(manifest.columns) and all(manifest.types)
            assert retyped.find(cursor, table, manifest) == [], name


def test_types_are_told_with_their_length_and_below_their_domain(small_source):
    with closing(psycopg2.connect(small_source.source_dsn)) as source, source.cursor() as cursor:
        types = columns.read_types(cursor, "production", "product")
        assert columns.read_types(cursor, "production", "nothing") == {}
    assert (types["name"], types["weight"], types["makeflag"]) == ("character varying(50)", "numeric(8,2)", "boolean")
    assert columns.kind("timestamp(3) with time zone") == columns.AWARE

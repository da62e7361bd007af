from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bikes_store.errors import Refused
from bikes_store.tables import CURRENCY, TABLES, read_tables
from cli.paths import REPOSITORY

NAME = "BIKES_STORE_STAGING__table_to_extract_and_load"
# The 18 tables that the platform was made for, in the order in which they are loaded. The catalogue may have more.
STATED_ORDER = [
    "person",
    "employee",
    "product",
    "shipmethod",
    "currencyrate",
    "salesreason",
    "salesterritory",
    "specialoffer",
    "salesperson",
    "store",
    "customer",
    "specialofferproduct",
    "salespersonquotahistory",
    "salesterritoryhistory",
    "shoppingcartitem",
    "salesorderheader",
    "salesorderdetail",
    "salesorderheadersalesreason",
]


def shipped() -> dict[str, Any]:
    return json.loads((REPOSITORY / "airflow" / "airflow_variables_init.json").read_text())[NAME]


def test_tables_are_in_load_order():
    assert [name for name in TABLES if name in STATED_ORDER] == STATED_ORDER


def test_shipped_variable_says_what_the_catalogue_says():
    """The same schemas and keys, for all tables that the platform was made for. A table added later may be absent."""
    assert set(STATED_ORDER) <= set(shipped()) <= set(TABLES)
    for name, (schema, key) in shipped().items():
        table = TABLES[name]
        assert (schema, tuple([key] if isinstance(key, str) else key)) == (table.schema, table.key), name


def test_shipped_variable_gives_the_tables_of_the_catalogue():
    assert read_tables(shipped(), NAME) == TABLES
    assert TABLES["salesorderdetail"].key == ("salesorderid", "salesorderdetailid")
    assert TABLES["person"].key == ("businessentityid",)


def test_a_key_is_among_the_columns():
    for table in (*TABLES.values(), CURRENCY):
        assert table.key, table.name
        assert set(table.key) <= set(table.columns), table.name


def test_a_variable_from_before_a_table_was_added_still_works():
    old = {name: entry for name, entry in shipped().items() if name != "salesorderheadersalesreason"}
    assert read_tables(old, NAME) == TABLES
    assert read_tables({}, NAME) == TABLES


def test_the_variable_gives_a_table_another_key():
    changed = {
        **shipped(),
        "specialofferproduct": ["sales", ["productid", "specialofferid"]],
        "store": ["sales", "name"],
    }
    tables = read_tables(changed, NAME)
    assert tables["specialofferproduct"].key == ("productid", "specialofferid")
    assert tables["store"].key == ("name",)
    assert TABLES["store"].key == ("businessentityid",)
    others = set(TABLES) - {"specialofferproduct", "store"}
    assert all(tables[name] == TABLES[name] for name in others)


def test_the_order_is_always_the_catalogues():
    assert list(read_tables(dict(reversed(shipped().items())), NAME)) == list(TABLES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: [c], "not an array"),
        (lambda c: None, "not null"),
        (lambda c: "x", "not a string"),
        (lambda c: {**c, "invoice": ["sales", "id"]}, "'invoice', which is not in the catalogue"),
        (lambda c: {**c, "store": "sales"}, "must give 'store' as"),
        (lambda c: {**c, "store": ["sales"]}, "must give 'store' as"),
        (lambda c: {**c, "store": ["person", "businessentityid"]}, "in schema 'person'; it is in 'sales'"),
        (lambda c: {**c, "store": ["sales", "storeid"]}, "the key column 'storeid'"),
        (lambda c: {**c, "store": ["sales", []]}, "must give 'store' a key"),
        (lambda c: {**c, "store": ["sales", [1]]}, "must give 'store' a key"),
        (lambda c: {**c, "store": ["sales", 'name"; DROP TABLE x']}, "the key column"),
    ],
)
def test_wrong_variable_is_refused_in_a_sentence(change, says):
    with pytest.raises(Refused, match=re.escape(says)) as refusal:
        read_tables(change(shipped()), NAME)
    assert NAME in str(refusal.value)

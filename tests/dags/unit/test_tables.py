from __future__ import annotations

import json
import re

import pytest

from bikes_store.errors import Refused
from bikes_store.tables import TABLES, read_catalogue
from cli.paths import REPOSITORY

NAME = "BIKES_STORE_STAGING__table_to_extract_and_load"
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


def shipped() -> dict[str, object]:
    return json.loads((REPOSITORY / "airflow" / "airflow_variables_init.json").read_text())[NAME]


def test_tables_are_in_load_order():
    assert list(TABLES) == STATED_ORDER


def test_shipped_variable_is_accepted_and_says_the_keys():
    catalogue = read_catalogue(shipped(), NAME)
    assert list(catalogue) == STATED_ORDER
    assert catalogue["salesorderdetail"] == (TABLES["salesorderdetail"], ("salesorderid", "salesorderdetailid"))
    assert catalogue["person"][1] == ("businessentityid",)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: [c], "not an array"),
        (lambda c: None, "not null"),
        (lambda c: "x", "not a string"),
        (lambda c: {**c, "invoice": ["sales", "id"]}, "'invoice', which is not in the catalogue"),
        (lambda c: {k: v for k, v in c.items() if k != "store"}, "does not list store"),
        (lambda c: dict(reversed(c.items())), "in load order: person, employee"),
        (lambda c: {**c, "store": "sales"}, "must give 'store' as"),
        (lambda c: {**c, "store": ["sales"]}, "must give 'store' as"),
        (lambda c: {**c, "store": ["person", "businessentityid"]}, "in schema 'person'; it is in 'sales'"),
        (lambda c: {**c, "store": ["sales", "storeid"]}, "the key column 'storeid'"),
        (lambda c: {**c, "store": ["sales", []]}, "must give 'store' a key"),
        (lambda c: {**c, "store": ["sales", [1]]}, "must give 'store' a key"),
        (lambda c: {**c, "store": ["sales", 'name"; DROP TABLE x']}, "the key column"),
    ],
)
def test_wrong_catalogue_is_refused_in_a_sentence(change, says):
    with pytest.raises(Refused, match=re.escape(says)) as refusal:
        read_catalogue(change(shipped()), NAME)
    assert NAME in str(refusal.value)

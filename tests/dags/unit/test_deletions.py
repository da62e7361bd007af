from __future__ import annotations

import re

import pytest

from bikes_store.deletions import DEFAULT_LIMIT, NO_LIMIT, DeletionLimit, check_deletion, is_allowed
from bikes_store.errors import Refused
from bikes_store.tables import CURRENCY, TABLES

CUSTOMER = TABLES["customer"]


@pytest.mark.parametrize(
    ("deleted", "held", "limit", "refused"),
    [
        (0, 0, DEFAULT_LIMIT, False),
        (100, 100, DEFAULT_LIMIT, False),  # all of a small table
        (101, 101, DEFAULT_LIMIT, True),
        (101, 1010, DEFAULT_LIMIT, False),  # exactly the share
        (102, 1010, DEFAULT_LIMIT, True),
        (5_000, 121_317, DEFAULT_LIMIT, False),
        (1, 1_000, DeletionLimit(0, 0), True),
        (1, 3, DeletionLimit(0, 50), False),
        (2, 3, DeletionLimit(0, 50), True),
        (121_317, 121_317, NO_LIMIT, False),
    ],
)
def test_a_deletion_is_refused_when_both_numbers_are_exceeded(deleted, held, limit, refused):
    if not refused:
        check_deletion(CUSTOMER, "r", deleted, held, limit)
        return
    with pytest.raises(Refused):
        check_deletion(CUSTOMER, "r", deleted, held, limit)


def test_the_sentence_says_what_and_how_to_let_it_pass():
    says = (
        "sales.customer has lost 19,820 of the 19,820 rows of bikes_store_staging.customer, and a load deletes at most"
        " 100 rows or 10 %: correct the source and run the extract task again, or, if the rows may go, set the variable"
        ' BIKES_STORE_STAGING_ALLOW_DELETION to {"scheduled__2024-10-05": ["customer"]} and run this task again.'
    )
    with pytest.raises(Refused, match=f"^{re.escape(says)}$"):
        check_deletion(CUSTOMER, "scheduled__2024-10-05", 19_820, 19_820, DEFAULT_LIMIT)


def test_a_pass_is_for_one_run_and_table(caplog):
    value = {"r1": ["customer", "currency"], "r2": []}
    assert is_allowed(value, CUSTOMER, "r1")
    assert "customer: the variable BIKES_STORE_STAGING_ALLOW_DELETION lets this run delete any rows" in caplog.text
    assert is_allowed(value, CURRENCY, "r1")
    assert not is_allowed(value, TABLES["store"], "r1")
    assert not is_allowed(value, CUSTOMER, "r2")
    assert not is_allowed(value, CUSTOMER, "r3")
    assert not is_allowed({}, CUSTOMER, "r1")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (["customer"], 'must be a JSON object of run id: [table, …], not ["customer"]'),
        (True, "must be a JSON object of run id: [table, …], not true"),
        ({"r1": "customer"}, "must be a JSON object of run id: [table, …]"),
        ({"r1": ["custmer"]}, "lists 'custmer', which is no table of bikes_store_staging"),
        ({"r1": [["customer"]]}, "lists ['customer'], which is no table of bikes_store_staging"),
    ],
)
def test_a_pass_that_can_not_be_read_is_refused(value, says):
    with pytest.raises(Refused, match=re.escape(f"Variable BIKES_STORE_STAGING_ALLOW_DELETION {says}")):
        is_allowed(value, CUSTOMER, "r1")

"""Which tables are fresh, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from bikes_store.tables import CURRENCY, FRESH_FOR, SLOW_FRESH_FOR, TABLES
from cli.freshness import Freshness, as_section, in_a_sentence

MOMENT = datetime(2024, 9, 2, 0, 1)


def loaded(name, hours, allowed=26):
    age = None if hours is None else timedelta(hours=hours)
    return Freshness(name, None if hours is None else MOMENT, age, timedelta(hours=allowed))


FOUND = [loaded("sales.store", 27), loaded("sales.salesreason", 27, 50), loaded("sales.customer", None)]


def test_a_table_is_measured_by_its_own_limit():
    assert [each.is_stale for each in FOUND] == [True, False, True]
    assert [row.wrong for row in as_section(FOUND).rows] == [True, False, True]
    assert as_section(FOUND).rows[0].cells == ["sales.store", "2024-09-02 00:01", "27 h", "26 h"]
    assert as_section(FOUND, {"sales.store": "701"}).rows[0].cells == [
        "sales.store",
        "701",
        "2024-09-02 00:01",
        "27 h",
        "26 h",
    ]
    assert as_section(FOUND).rows[2].cells == ["sales.customer", "never", "–", "26 h"]


def test_all_of_them_in_a_sentence():
    assert in_a_sentence(FOUND) == (
        "Not fresh: sales.store was loaded 27 h ago, and may be 26 h old; sales.customer was never loaded."
    )
    assert in_a_sentence([loaded("a.b", 1), loaded("c.d", 3)]) == (
        "All 2 tables are fresh; the oldest load, of c.d, is 3 h old."
    )


def test_every_table_has_a_limit_of_its_own_and_a_late_run_breaks_none():
    limits = {table.fresh_for for table in (*TABLES.values(), CURRENCY)}
    assert limits == {FRESH_FOR, SLOW_FRESH_FOR}
    assert min(limits) > timedelta(days=1)
    assert TABLES["salesorderdetail"].fresh_for == FRESH_FOR < TABLES["salesreason"].fresh_for

"""A table is built again when what it reads has changed, and only then."""

from __future__ import annotations

import pytest

from cli.database import connect

ALWAYS = {"dim_date", "mart_reconciliation"}
MARTS_OF_ORDERS = {
    *("mart_customer_value", "mart_sales_channel", "mart_sales_currency", "mart_sales_daily"),
    *("mart_sales_person_quota", "mart_sales_product", "mart_sales_reason", "mart_sales_territory"),
    "mart_special_offer_effect",
}

#: What changes in the staging area, and which tables that reaches. The changes follow each other.
CHANGES = {
    # nothing but the snapshot, the comparison, and what shows today's name
    "UPDATE product SET name = 'Bell 2' WHERE productid = 7": {"dim_product", "fact_order", "mart_sales_product"},
    "UPDATE currency SET name = 'Pound' WHERE currencycode = 'EUR'": {
        *("dim_currency", "fact_order", "mart_sales_currency"),
    },
    "INSERT INTO salesorderheadersalesreason VALUES (101, 1, '2024-01-06')": {"fact_order_reason", "mart_sales_reason"},
    # rows that are written again with the values that they had
    "UPDATE store SET name = name": {"dim_store", "dim_customer"},
    "DELETE FROM salespersonquotahistory": {"fact_sales_quota_history", "mart_sales_person_quota"},
    "UPDATE salesorderdetail SET orderqty = 2 WHERE salesorderdetailid = 1": {"fact_order", *MARTS_OF_ORDERS},
    "DELETE FROM salesorderdetail WHERE salesorderid = 100": {"fact_order", *MARTS_OF_ORDERS},
    # the new name holds from before the first order on, so each order gets another territory
    "UPDATE salesterritory SET name = 'South', modifieddate = '2023-06-01'": {
        *("dim_sales_territory", "fact_order", "fact_sales_territory_history", *MARTS_OF_ORDERS),
    },
}


@pytest.fixture
def shop(shop):
    """The shop after a second run. What looks at itself compiles to other code once it exists, and is built again."""
    shop.run()
    return shop


def built(shop, *arguments):
    """The tables that a run built."""
    shop.dbt("build", "--resource-type", "model", "--resource-type", "snapshot", *arguments)
    return {name for name, answer in shop.answers.items() if answer != "UNCHANGED"}


def test_a_day_builds_what_reads_what_has_changed(shop):
    before = shop.contents()
    assert built(shop) == ALWAYS
    assert shop.contents() == before
    for change, expected in CHANGES.items():
        shop.execute(change)
        assert built(shop) == ALWAYS | expected, change
    assert built(shop) == ALWAYS
    assert shop.rows("SELECT DISTINCT territory_name FROM mart_sales_daily") == [("South",)]


def test_a_load_that_commits_after_the_build_is_seen(shop):
    with connect(shop.dsn) as load, load.cursor() as cursor:
        cursor.execute("UPDATE bikes_store_staging.currency SET name = 'Pound' WHERE currencycode = 'EUR'")
        shop.execute("UPDATE bikes_store_staging.currency SET name = 'Dollar' WHERE currencycode = 'USD'")
        assert "dim_currency" in built(shop)
    assert "dim_currency" in built(shop)
    assert shop.value("SELECT currency_name FROM dim_currency WHERE nk_currency = 'EUR'") == "Pound"


def test_what_was_changed_by_hand_is_built_again(shop):
    before = shop.contents()
    shop.execute("UPDATE warehouse.mart_sales_daily SET revenue = revenue + 0.000001")
    with pytest.raises(AssertionError, match=r"^mart_sales_daily is not what it would be"):
        shop.assert_as_if_built_at_once()
    assert built(shop) == ALWAYS | {"mart_sales_daily"}
    shop.execute("DELETE FROM warehouse.fact_order WHERE nk_sales_order_detail = 4")
    assert built(shop) >= ALWAYS | {"fact_order"}
    assert shop.contents() == before


def test_what_is_lost_or_asked_for_is_built_although_nothing_changed(shop):
    shop.execute("DROP TABLE warehouse.mart_sales_channel")
    shop.execute("DELETE FROM warehouse.build_inputs WHERE table_name = 'mart_sales_currency'")
    assert built(shop) == ALWAYS | {"mart_sales_channel", "mart_sales_currency"}
    shop.execute("DROP TABLE warehouse.build_inputs")
    assert built(shop) > ALWAYS | {"dim_product", "fact_order", "mart_sales_channel"}
    assert built(shop) == ALWAYS
    assert built(shop, "--full-refresh", "--select", "mart_sales_channel") == {"mart_sales_channel"}
    assert "fact_order" in built(shop, "--vars", "{base_currency: EUR}")  # the model compiles to other code


def test_what_a_killed_build_left_is_removed_although_nothing_changed(shop):
    """dbt drops the table that it has replaced after it has committed the new one."""
    shop.execute("CREATE TABLE warehouse.mart_sales_daily__dbt_backup AS SELECT FROM warehouse.mart_sales_daily")
    assert "mart_sales_daily" not in built(shop)
    assert shop.value("SELECT to_regclass('warehouse.mart_sales_daily__dbt_backup')") is None

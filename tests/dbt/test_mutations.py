"""What the source may do between two runs, and what the warehouse must say afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli.database import connect
from cli.paths import DBT_PROJECT
from tests.support.warehouse import UNKNOWN

REVENUE = "SELECT sum(line_total) FROM fact_order"


def versions(shop, nk=7):
    return shop.rows(
        f"SELECT list_price, dbt_valid_to IS NULL FROM dim_product WHERE nk_product = {nk} ORDER BY dbt_valid_from"
    )


def lines(shop, order):
    return shop.rows(
        "SELECT nk_sales_order_detail, list_price FROM fact_order JOIN dim_product USING (sk_product)"
        f" WHERE nk_sales_order = {order} ORDER BY 1"
    )


def new_order(shop, order, day, line, product=7):
    shop.execute(
        "INSERT INTO salesorderheader (salesorderid, orderdate, duedate, status, onlineorderflag, customerid,"
        " territoryid, billtoaddressid, shiptoaddressid, shipmethodid, subtotal, taxamt, freight, totaldue, rowguid,"
        f" modifieddate) VALUES ({order}, '{day}', '2030-01-01', 1, 't', 10, 1, 1, 1, 1, 4, 0, 0, 4,"
        f" gen_random_uuid(), '{day}')"
    )
    new_line(shop, order, day, line, product)


def new_line(shop, order, day, line, product=7):
    shop.execute(
        "INSERT INTO salesorderdetail (salesorderid, salesorderdetailid, orderqty, productid, specialofferid,"
        f" unitprice, unitpricediscount, rowguid, modifieddate) VALUES ({order}, {line}, 1, {product}, 1, 4, 0,"
        f" gen_random_uuid(), '{day}')"
    )


def test_price_change_adds_a_version_and_doubles_no_line(shop):
    before = shop.value(REVENUE)
    shop.execute("UPDATE product SET listprice = 5, modifieddate = '2024-02-01' WHERE productid = 7")
    new_order(shop, 102, "2024-02-02", 5)
    shop.run_and_test()
    assert versions(shop) == [(4, False), (5, True)]
    assert shop.value("SELECT count(*) FROM fact_order") == 5
    assert shop.value(REVENUE) == before + 4
    assert lines(shop, 100) == [(1, 4), (2, 4), (3, 4)]
    assert lines(shop, 102) == [(5, 5)]


def test_late_line_meets_the_version_of_its_order(shop):
    shop.execute("UPDATE product SET listprice = 5, modifieddate = '2024-02-01' WHERE productid = 7")
    shop.run()
    new_line(shop, 100, "2024-01-05", 6)
    shop.run_and_test()
    assert lines(shop, 100) == [(1, 4), (2, 4), (3, 4), (6, 4)]
    assert shop.value("SELECT sum(tax_amount) FROM fact_order WHERE nk_sales_order = 100") == 1


def test_line_before_its_header_is_kept_and_completed_later(shop):
    new_line(shop, 103, "2024-01-07", 7)
    statuses = shop.run_and_test()
    assert statuses["order_lines_all_have_headers"] == "warn"
    assert shop.rows("SELECT sk_customer, sales_channel, line_total FROM fact_order WHERE nk_sales_order = 103") == [
        (UNKNOWN, "unknown", 4)
    ]
    for mart in ("mart_sales_channel", "mart_sales_currency", "mart_sales_territory"):
        assert shop.value(f"SELECT revenue FROM {mart} WHERE order_month = '0001-01-01'") == 4, mart
    shop.execute("DELETE FROM salesorderdetail WHERE salesorderid = 103")
    new_order(shop, 103, "2024-01-07", 7)
    shop.run_and_test()
    assert shop.value("SELECT sales_channel FROM fact_order WHERE nk_sales_order = 103") == "online"
    assert shop.value("SELECT count(*) FROM fact_order") == 5


def test_repeated_run_changes_nothing(shop):
    def fingerprint():
        return shop.rows(
            "SELECT 'fact', md5(string_agg(f::text, '|' ORDER BY sk_order_line)) FROM fact_order AS f"
            " UNION ALL SELECT 'product', md5(string_agg(p::text, '|' ORDER BY sk_product)) FROM dim_product AS p"
            " UNION ALL SELECT 'customer', md5(string_agg(c::text, '|' ORDER BY sk_customer)) FROM dim_customer AS c"
        )

    before = fingerprint()
    shop.run()
    assert fingerprint() == before


def test_two_runs_at_once_leave_one_open_version(shop):
    shop.execute("UPDATE product SET listprice = 6, modifieddate = '2024-03-01'")
    command = [str(Path(sys.prefix) / "bin" / "dbt"), "--quiet", "snapshot", "--project-dir", str(DBT_PROJECT)]
    command += ["--profiles-dir", str(DBT_PROJECT)]
    folders = [str(shop.folder_for_another_dbt(name)) for name in ("one", "two")]
    runs = [
        subprocess.Popen(
            [*command, "--target-path", folder, "--log-path", folder],
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in folders
    ]
    for run in runs:
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0, output
    assert versions(shop) == [(4, False), (6, True)]
    shop.run_and_test()


def test_deleted_product_is_closed_and_reopened_when_it_returns(shop):
    shop.execute("CREATE TABLE public.kept AS SELECT * FROM product WHERE productid = 7")
    shop.execute("DELETE FROM product WHERE productid = 7")
    shop.run_and_test()
    assert versions(shop) == [(4, False)]
    assert lines(shop, 100) == [(1, 4), (2, 4), (3, 4)]  # its lines keep the last version
    shop.execute("INSERT INTO product SELECT * FROM public.kept")
    shop.run_and_test()
    assert versions(shop) == [(4, False), (4, True)]
    assert len(lines(shop, 100)) == 3
    shop.run()
    assert len(versions(shop)) == 2


def test_deleted_order_leaves_the_facts(shop):
    shop.execute("DELETE FROM salesorderdetail WHERE salesorderid = 100")
    shop.execute("DELETE FROM salesorderheadersalesreason WHERE salesorderid = 100")
    shop.execute("DELETE FROM salesorderheader WHERE salesorderid = 100")
    shop.run_and_test()
    assert shop.rows("SELECT DISTINCT nk_sales_order FROM fact_order") == [(101,)]
    assert shop.value("SELECT count(*) FROM fact_order_reason") == 0


def test_updated_header_is_shared_out_again(shop):
    shop.execute("UPDATE salesorderheader SET taxamt = 0.0001, totaldue = 12.0101 WHERE salesorderid = 100")
    shop.run_and_test()
    assert shop.rows(
        "SELECT tax_amount::text FROM fact_order WHERE nk_sales_order = 100 ORDER BY nk_sales_order_detail"
    ) == [
        ("0.0000",),
        ("0.0000",),
        ("0.0001",),
    ]


def test_history_of_people_shops_and_territories(shop):
    shop.execute("UPDATE salesterritory SET \"group\" = 'Americas', modifieddate = '2024-02-01'")
    shop.execute("UPDATE store SET name = 'Wheels & Co', modifieddate = '2024-02-01'")
    shop.execute("UPDATE person SET lastname = 'Leigh', modifieddate = '2024-02-01' WHERE businessentityid = 1")
    new_order(shop, 104, "2024-02-02", 8)
    shop.run_and_test()
    for dimension, nk in (("sales_territory", 1), ("store", 20), ("sales_person", 1)):
        found = shop.rows(
            f"SELECT dbt_valid_to IS NULL FROM dim_{dimension} WHERE nk_{dimension} = {nk} ORDER BY dbt_valid_from"
        )
        assert found == [(False,), (True,)], dimension
    groups = shop.rows(
        "SELECT nk_sales_order, min(territory_group) FROM fact_order"
        " JOIN dim_sales_territory USING (sk_sales_territory) GROUP BY 1"
    )
    assert dict(groups) == {100: "America", 101: "America", 104: "Americas"}


def test_change_without_a_new_date_starts_now(shop):
    """The source forgot to touch modifieddate: old orders keep what was known, later ones see the change."""
    shop.execute("UPDATE product SET color = 'Red' WHERE productid = 7")
    shop.run_and_test()
    assert len(versions(shop)) == 2
    assert shop.value("SELECT count(*) FROM fact_order JOIN dim_product USING (sk_product) WHERE color = 'Red'") == 0
    assert shop.value("SELECT dbt_valid_from > now() - interval '5 minutes' FROM dim_product WHERE color = 'Red'")


def test_null_and_value_are_different(shop):
    shop.execute("UPDATE product SET color = 'Red', modifieddate = '2024-02-01' WHERE productid = 7")
    shop.run()
    shop.execute("UPDATE product SET color = NULL, modifieddate = '2024-02-02' WHERE productid = 7")
    shop.run_and_test()
    assert len(versions(shop)) == 3


def test_column_added_and_type_widened_in_staging(shop):
    shop.execute("ALTER TABLE product ADD COLUMN vegan boolean DEFAULT true")
    shop.execute("ALTER TABLE salesorderdetail ALTER COLUMN orderqty TYPE bigint")
    shop.execute("ALTER TABLE product ALTER COLUMN safetystocklevel TYPE integer")
    shop.execute("UPDATE salesorderdetail SET orderqty = 3000000000 WHERE salesorderdetailid = 1")
    shop.run_and_test()
    assert len(versions(shop)) == 1
    assert shop.value("SELECT max(order_qty) FROM fact_order") == 3000000000


def test_order_beyond_the_calendar_is_found_by_the_daily_run(shop):
    new_order(shop, 105, "2029-06-01", 9)
    shop.dbt("build", "--exclude", "dim_date", "--resource-type", "model", "--resource-type", "snapshot")
    assert shop.dbt("test", "--select", "order_dates_are_in_dim_date")["order_dates_are_in_dim_date"] == "fail"
    shop.run_and_test()


def test_a_load_that_began_before_a_build_and_commits_after_it_is_taken(shop):
    """Its rows have a time before the build's, so nothing may go by which of the two is newer."""
    with connect(shop.dsn) as load, load.cursor() as cursor:
        cursor.execute("UPDATE bikes_store_staging.salesorderheader SET status = 4 WHERE salesorderid = 101")
        cursor.execute(
            "UPDATE bikes_store_staging.salesorderdetail SET carriertrackingnumber = 'A' WHERE salesorderdetailid = 1"
        )
        new_order(shop, 106, "2024-01-07", 10)
        shop.run()
        assert shop.value("SELECT order_status FROM fact_order WHERE nk_sales_order = 101") == 5
    shop.run_and_test()
    assert shop.value("SELECT order_status FROM fact_order WHERE nk_sales_order = 101") == 4
    assert shop.value("SELECT carrier_tracking_number FROM fact_order WHERE nk_sales_order_detail = 1") == "A"


def test_a_fact_order_of_an_older_release_gets_its_stamps(shop):
    shop.execute("ALTER TABLE warehouse.fact_order DROP COLUMN line_changed_at, DROP COLUMN header_changed_at")
    shop.run_and_test()
    assert shop.value("SELECT count(*) FROM fact_order WHERE line_changed_at IS NOT NULL") == 4


#: A change of each column of fact_order that its own row does not show to be wrong.
CHANGES = {
    "order_status": "3",
    "purchase_order_number": "'P'",
    "carrier_tracking_number": "'C'",
    "sales_channel": "'reseller'",
    "modified_at": "modified_at + interval '1 second'",
    "tax_amount": "tax_amount + CASE nk_sales_order_detail WHEN 1 THEN 0.01 WHEN 3 THEN -0.01 ELSE 0 END",
    **{
        key: f"(SELECT max({dimension_key}) FROM dim_{dimension} WHERE {dimension_key} <> {key})"
        for key, dimension_key, dimension in (
            ("sk_customer", "sk_customer", "customer"),
            ("sk_product", "sk_product", "product"),
            ("sk_ship_date", "sk_date", "date"),
            ("sk_special_offer", "sk_special_offer", "special_offer"),
        )
    },
}


def test_every_column_is_compared_with_the_staging_area(shop):
    name = "fact_order_holds_what_staging_holds"
    compared = {
        column
        for (column,) in shop.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'fact_order'"
            " AND column_name NOT IN ('sk_order_line', 'nk_sales_order', 'nk_sales_order_detail', 'built_at')"
            r" AND column_name NOT LIKE '%\_changed\_at'"
        )
    }
    text = (DBT_PROJECT / "tests" / f"{name}.sql").read_text() + (DBT_PROJECT / "macros" / "fact_order.sql").read_text()
    assert not [column for column in compared if f"'{column}'" not in text]
    assert shop.dbt("test", "--select", name) == {name: "pass"}
    shop.execute("CREATE TABLE public.kept AS SELECT * FROM warehouse.fact_order")
    for column, value in CHANGES.items():
        shop.execute(
            f"SET search_path = warehouse; UPDATE fact_order SET {column} = {value} WHERE nk_sales_order = 100"
        )
    query = next((shop.target / "compiled").rglob(f"{name}.sql")).read_text()
    found = {
        column for (columns,) in shop.rows(f"SELECT columns FROM ({query}) AS found") for column in columns.split(", ")
    }
    assert found == set(CHANGES)
    shop.execute("TRUNCATE warehouse.fact_order; INSERT INTO warehouse.fact_order SELECT * FROM public.kept")


def test_a_sentinel_does_not_size_the_calendar(shop):
    """Some systems write a date where they know none: a period that goes on then ends in the year 9999."""
    before = shop.rows("SELECT min(nk_date), max(nk_date), count(*) FROM dim_date")
    shop.execute("UPDATE salesterritoryhistory SET enddate = '9999-12-31'")
    shop.execute("UPDATE salesorderheader SET shipdate = '9999-12-31' WHERE salesorderid = 101")
    shop.execute("UPDATE salespersonquotahistory SET quotadate = '1753-01-01'")
    shop.run_and_test()
    assert shop.rows("SELECT min(nk_date), max(nk_date), count(*) FROM dim_date") == before
    assert shop.rows("SELECT is_current, ended_at, sk_end_date FROM fact_sales_territory_history") == [
        (True, None, UNKNOWN)
    ]


def test_what_is_no_number_and_no_moment_fails_tests_by_name(shop):
    """NaN equals itself, so a mart that holds it would seem to agree with the facts."""
    faults = {
        "salesorderheader": {"freight": "NaN", "totaldue": "Infinity", "duedate": "infinity"},
        "salesorderdetail": {"unitprice": "NaN"},
        "salesterritoryhistory": {"enddate": "infinity"},
        "product": {"standardcost": "NaN"},
    }
    for table, columns in faults.items():
        shop.execute(f"CREATE TABLE public.kept_{table} AS SELECT * FROM {table}")
        shop.execute(f"UPDATE {table} SET " + ", ".join(f"{name} = '{value}'" for name, value in columns.items()))
    shop.run()
    statuses = shop.dbt("test", "--select", "test_type:data")
    assert len(statuses) > 100 and shop.ask_tests() == statuses  # which is how the other tests here ask them
    failed = {name for name, status in statuses.items() if status == "fail"}
    by_table = {f"{table}_holds_only_finite_values" for table in faults}
    assert {name for name in failed if name.endswith("_holds_only_finite_values")} == by_table
    assert failed > by_table | {
        "order_amounts_equal_their_headers",
        "mart_sales_daily_revenue_agrees",
        "mart_sales_daily_total_due_agrees",
        "mart_reconciliation_has_no_difference",
    }
    for table, columns in faults.items():
        query = next((shop.target / "compiled").rglob(f"{table}_holds_only_finite_values.sql")).read_text()
        assert {column for column, _ in shop.rows(query)} == set(columns)
        shop.execute(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM public.kept_{table}")

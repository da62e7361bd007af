from __future__ import annotations

import json

from bikes_store.dbt_results import read_results
from bikes_store.dbt_tests import Finding, describe, find


def result(unique_id, status, failures=0, message=None, code="select 1"):
    return {
        "unique_id": unique_id,
        "status": status,
        "failures": failures,
        "message": message,
        "compiled_code": code,
    }


def test_only_tests_that_did_not_pass_are_findings():
    results = [
        result("model.shop.fact_order", "error", None, "boom"),
        result("test.shop.not_null_fact_order_x.0a1b", "pass"),
        result("test.shop.unique_fact_order_x.0a1b", "fail", 3),
        result("test.shop.order_subtotals", "warn", 2),
        result("unit_test.shop.fact_order.allocation", "fail", 1, "actual differs from expected"),
    ]
    assert [(finding.test, finding.status, finding.rows) for finding in find(results) or ()] == [
        ("unique_fact_order_x", "fail", 3),
        ("order_subtotals", "warn", 2),
        ("fact_order.allocation", "fail", 1),
    ]


def test_which_commands_ran_tests(tmp_path):
    assert find(read_results(tmp_path)) is None  # it was cut short
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "run_results.json").write_text(
        json.dumps({"results": [result("model.shop.fact_order", "success")]})
    )
    assert find(read_results(tmp_path)) is None
    assert find([result("test.shop.x.0a1b", "pass")]) == []


def test_description_has_name_count_and_rows():
    findings = [
        Finding("unique_x", "fail", 1, "", "select 1", ("unique_field=7, n_records=2",)),
        Finding("sums_agree_y", "fail", 12, "", "select 1"),
        Finding("fact_order.allocation", "fail", 1, "actual differs from expected", ""),
    ]
    assert describe(findings).splitlines() == [
        "unique_x: 1 row, the first:",
        "  unique_field=7, n_records=2",
        "sums_agree_y: 12 rows",
        "fact_order.allocation: actual differs from expected",
    ]

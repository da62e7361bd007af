from __future__ import annotations

import json

from bikes_store.dbt_tests import Finding, describe, read_findings


def result(unique_id, status, failures=0, message=None, code="select 1"):
    return {
        "unique_id": unique_id,
        "status": status,
        "failures": failures,
        "message": message,
        "compiled_code": code,
    }


def test_only_tests_that_did_not_pass_are_findings(tmp_path):
    results = [
        result("model.shop.fact_order", "error", None, "boom"),
        result("test.shop.not_null_fact_order_x.0a1b", "pass"),
        result("test.shop.unique_fact_order_x.0a1b", "fail", 3),
        result("test.shop.order_subtotals", "warn", 2),
        result("unit_test.shop.fact_order.allocation", "fail", 1, "actual differs from expected"),
    ]
    path = tmp_path / "run_results.json"
    path.write_text(json.dumps({"results": results}))
    assert [(finding.test, finding.status, finding.rows) for finding in read_findings(path) or ()] == [
        ("unique_fact_order_x", "fail", 3),
        ("order_subtotals", "warn", 2),
        ("fact_order.allocation", "fail", 1),
    ]


def test_which_commands_ran_tests(tmp_path):
    path = tmp_path / "run_results.json"
    assert read_findings(path) is None
    path.write_text(json.dumps({"results": [result("model.shop.fact_order", "success")]}))
    assert read_findings(path) is None
    path.write_text(json.dumps({"results": [result("test.shop.x.0a1b", "pass")]}))
    assert read_findings(path) == []


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

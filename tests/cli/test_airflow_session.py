"""cli/airflow_session.py: how often Airflow is given the password."""

from __future__ import annotations

import base64

import pytest

from cli.airflow_session import AirflowSession
from tests.support.web import web_server

LOGIN_PAGE = (200, b'<form><input id="csrf_token" name="csrf_token" type="hidden" value="t0ken"></form>')
WORKED, UNAUTHORIZED = (200, b"{}"), (401, b"")
PASSWORD = "Basic " + base64.b64encode(b"admin:s3cret&").decode()


@pytest.fixture
def web():
    with web_server() as server:
        yield server


def passwords(web):
    return [headers.get("Authorization") for headers in web.request_headers]


def test_the_password_is_given_once_by_the_form(web):
    web.answers = [LOGIN_PAGE, (302, b""), WORKED]
    web.headers = {"Set-Cookie": "session=abc; Path=/"}
    session = AirflowSession(web.url, "admin", "s3cret&")
    for _ in range(2):
        assert session.request("GET", "/api/v1/dags").ok
    assert web.requests[1] == b"csrf_token=t0ken&username=admin&password=s3cret%26"
    assert passwords(web) == [None] * 4
    assert [headers.get("Cookie") for headers in web.request_headers[1:]] == ["session=abc"] * 3


@pytest.mark.parametrize("page", [(404, b"not found"), (200, b"<a href='/sso'>log in</a>")])
def test_where_there_is_no_form_the_password_goes_with_each_call(web, page):
    web.answers = [page, UNAUTHORIZED, WORKED]
    session = AirflowSession(web.url, "admin", "s3cret&")
    for _ in range(2):
        assert session.request("GET", "/api/v1/dags").ok
    assert passwords(web) == [None, None, PASSWORD, PASSWORD]


def test_a_session_that_is_over_is_no_failure(web):
    web.answers = [LOGIN_PAGE, (302, b""), WORKED, UNAUTHORIZED, WORKED]
    session = AirflowSession(web.url, "admin", "s3cret&")
    assert session.request("GET", "/api/v1/dags").ok
    assert session.request("POST", "/api/v1/dags", json={"one": 1}).ok
    assert passwords(web)[3:] == [None, PASSWORD]
    assert web.requests[3:] == [b'{"one": 1}'] * 2


def test_a_wrong_password_is_an_answer_like_any_other(web):
    web.answers = [LOGIN_PAGE, (302, b""), UNAUTHORIZED]
    assert AirflowSession(web.url, "admin", "wrong").request("GET", "/api/v1/dags").status_code == 401

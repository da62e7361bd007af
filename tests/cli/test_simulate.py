"""cli/simulate: what moved between two pictures, how it is shown, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from cli import airflow_client
from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG, RunState, Task
from cli.containers import __main__ as containers
from cli.containers import engine, workers
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.pages.menu import MENU, menu_of
from cli.simulate import PAGE, end_process
from cli.simulate.command import read_scenario, read_settings, refuse_elsewhere, simulate
from cli.simulate.page import make_page
from cli.simulate.play import Act, Play, Table
from cli.simulate.scenarios import SCENARIOS
from cli.simulate.show import Terminal, grid
from cli.simulate.stack import AirflowStack, Failure, Outcome, sentence
from cli.simulate.watch import Rows, Watch, compare, table, text

MADE = Endpoints("http://a", "admin", "pw", "postgresql://s", "postgresql://w", "http://l", "key", "secret")
WATCH = Watch("source", "sales.t", 1, "")
COLUMNS = ("id", "name", "price")


def picture(**rows: tuple[Any, ...]) -> dict[Watch, Rows]:
    return {WATCH: Rows(COLUMNS, {(key,): row for key, row in rows.items()})}


def moved():
    before = picture(a=("x", Decimal("1.50")), b=("y", None), c=("z", Decimal(3)))
    return compare(before, picture(a=("x", Decimal("1250.5")), c=("z", Decimal(3)), d=("<w>", Decimal("0.10"))))


def test_rows_that_came_changed_and_went_are_told_apart():
    (one,) = moved()
    assert [(change.sign, change.cells[0][1]) for change in one.changes] == [
        ("~", "a"),
        ("-", "b"),
        ("=", "c"),
        ("+", "d"),
    ]
    assert one.changes[0].cells == [("a", "a"), ("x", "x"), (Decimal("1.50"), Decimal("1250.5"))]
    assert (one.count("+"), one.has_moved) == (1, True)
    same = picture(a=("x", Decimal("1.50")))
    assert not compare(same, picture(a=("x", Decimal("1.5"))))[0].has_moved
    assert compare(picture(), picture())[0].changes == []


def test_the_key_may_hold_null():
    before = {WATCH: Rows(COLUMNS, {})}
    after = {WATCH: Rows(COLUMNS, {(None,): ("x", 1), ("a",): ("y", 2)})}
    assert [change.cells[0][1] for change in compare(before, after)[0].changes] == [None, "a"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "yes"),
        (1234567, "1234567"),  # a number of something, no amount
        (Decimal("3578.2700"), "3,578.27"),
        (Decimal("1.5"), "1.50"),
        (Decimal("-1000.0000"), "-1,000"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal("NaN"), "NaN"),
        (date(2024, 9, 1), "2024-09-01"),
        (datetime(2024, 9, 1), "2024-09-01"),
        (datetime(2024, 9, 1, 12), "2024-09-01 12:00"),
        (datetime(2024, 9, 1, 12, 0, 5), "2024-09-01 12:00:05"),
        ("text", "text"),
    ],
)
def test_a_value_for_a_person(value, shown):
    assert text(value) == shown


def test_rows_are_shown_with_signs_and_without_colours():
    console = Console(width=100, no_color=True)
    with console.capture() as shown:
        console.print(grid(moved()))
    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    assert "source sales.t ~ a price 1.50 → 1,250.50" in lines
    assert "- b name y, price –" in lines
    assert "+ d name <w>, price 0.10" in lines
    assert not any("= c" in line for line in lines)  # as before, and not what there is to see


def test_a_day_of_many_is_two_lines():
    console = Console(width=200)
    figures = Table(
        ["day", "revenue in source", "revenue in mart", "difference"], [("2024-09-01", "5", "4", "1")], False
    )
    act = Act("Sunday", "", date(2024, 9, 1), moved=[*moved(), *moved()], table=figures, is_folded=True)
    with console.capture() as shown:
        Terminal(console).closes(act)
    assert shown.get().splitlines() == [
        "  rows: source +2 ~2 -2",
        "  revenue in source 5, revenue in mart 4, difference 1",
        "✗ The warehouse does not hold what the source holds.",
    ]


def test_a_column_that_matters_is_shown_although_it_stays():
    watch = Watch("mart", "m", 1, "", always=("difference",))
    one, other = (
        {watch: Rows(("measure", "built", "lines", "difference"), {("a",): row})} for row in ((1, 2, 0), (3, 2, 0))
    )
    console = Console(width=100)
    with console.capture() as shown:
        console.print(grid(compare(one, other)))
    assert "built 1 → 3, difference 0" in shown.get()


def test_many_rows_are_counted_and_rows_as_before_too():
    many = picture(**{f"k{number:02}": ("x", 1) for number in range(20)})
    console = Console(width=100)
    with console.capture() as shown:
        console.print(grid([*compare(picture(), many), *compare(many, many), *compare(picture(), picture())]))
    assert "… and 14 more" in shown.get()
    assert "20 rows, as before" in shown.get()
    assert "no row" in shown.get()


@pytest.mark.parametrize("width", [30, 60, 200])
def test_every_value_is_readable_at_any_width(width):
    console = Console(width=width)
    with console.capture() as shown:
        console.print(grid(moved()))
    assert max(map(len, shown.get().splitlines())) <= width
    assert "1,250.50" in "".join(shown.get().split())


def a_play(tmp_path: Path) -> Play:
    play = Play(cast(Any, None), Terminal(Console(quiet=True)), date(2024, 9, 1), date(2024, 9, 9), tmp_path / "undo")
    play.chosen |= {"product": 7, "old_order": 8, "number": 9}
    failed = Outcome("run 1", 12.3, Failure("load.db.t", 3, "It does not <fit>: mend it."))
    broken = Act("Broken & shown", "A thing happens.", play.day, ["UPDATE t SET name = '<w>'"], [failed], moved())
    green = Act("Mended", "", play.day, [], [Outcome("run 1", 9.9)], table=Table(["day", "orders"], [("1", "2")]))
    play.acts = [broken, green]
    return play


def test_the_page_has_before_and_after_and_needs_nothing_from_elsewhere(tmp_path):
    page = make_page(tmp_path, SCENARIOS["price-change"], a_play(tmp_path), datetime(2024, 9, 1, tzinfo=timezone.utc))
    assert "<h1>Simulate: price-change</h1>" in page
    assert '<h2 id="a1">1. Broken &amp; shown</h2>' in page
    assert "<del>1.50</del> → <ins>1,250.50</ins>" in page
    assert '<tr class="added"><td>+<span class="unseen"> added</span></td><td>d</td><td>&lt;w&gt;</td>' in page
    assert '<tr class="removed">' in page
    assert "<tr><td></td>" not in page  # a row as it was has its sign too
    assert "failed after 3 tries:<br>It does not &lt;fit&gt;: mend it." in page
    assert "✓ run 1: both DAGs succeeded, 10 s" in page
    assert "UPDATE t SET name = &#39;&lt;w&gt;&#39;" in page
    assert "Order 8, which is older, is not touched" in page
    assert "src=" not in page and "http" not in page
    assert page.count("<main") == page.count("</main>") == page.count("</html>") == 1


def test_its_menu_leads_to_the_pages_that_are_there_and_theirs_to_it(tmp_path):
    def links() -> list[str]:
        page = make_page(tmp_path, SCENARIOS["day"], a_play(tmp_path), datetime.now(timezone.utc))
        return [part.split('"')[0] for part in page.split('<li><a href="')[1:]]

    assert links() == [PAGE]
    assert [name for name, _ in menu_of(tmp_path)] == list(MENU)
    for name in MENU:
        (tmp_path / f"{name}.html").touch()
    (tmp_path / PAGE).touch()
    assert links() == [f"{name}.html" for name in (*MENU, "simulate")]
    assert [name for name, _ in menu_of(tmp_path)] == [*MENU, "simulate"]


def test_without_a_scenario_all_are_listed_with_a_line_each(tmp_path):
    console = Console(width=300)
    with console.capture() as shown:
        assert simulate(console, {}, tmp_path / "none.json", lambda _: False) == 0
    head, _, *lines = shown.get().splitlines()
    assert "make simulate SCENARIO=…" in head
    assert [line.split()[0] for line in lines] == list(SCENARIOS)
    assert all(len(line) <= 110 for line in lines), lines


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"SCENARIO": "price"}, "SCENARIO=price is no scenario: take one of new-orders, price-change,"),
        ({"SCENARIO": "day", "DAYS": "abc"}, "DAYS=abc is no number of days: give a whole number from 1 to 366"),
        ({"SCENARIO": "day", "DAYS": "0"}, "DAYS=0 is no number of days"),
        ({"SCENARIO": "day", "DAYS": "-3"}, "DAYS=-3 is no number of days"),
        ({"SCENARIO": "day", "DAYS": "²"}, "DAYS=² is no number of days"),
        ({"SCENARIO": "day", "DAYS": "9" * 5000}, "is no number of days"),
        ({"SCENARIO": "price-change", "DAYS": "3"}, "DAYS=3 goes with SCENARIO=day, not with price-change"),
        ({"SCENARIO": "day"}, "none.json does not exist: is the stack up?"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, environment, says):
    with pytest.raises(UserError) as error:
        simulate(Console(quiet=True), environment, tmp_path / "none.json", lambda _: False)
    assert says in str(error.value)


def test_days_and_seed_are_read():
    scenario = read_scenario({"SCENARIO": " day "})
    assert scenario is SCENARIOS["day"]
    assert read_settings({"DAYS": "30", "SEED": "x"}, scenario) == {"days": "30", "seed": "x"}
    assert read_settings({"DAYS": ""}, scenario) == {}


def test_a_source_elsewhere_is_refused():
    elsewhere = Endpoints(*vars(MADE).values())
    object.__setattr__(elsewhere, "source_elsewhere", "db.example.com")
    with pytest.raises(
        UserError, match=r"elsewhere, at db\.example\.com: simulate changes only a source that the stack"
    ):
        refuse_elsewhere(elsewhere)
    refuse_elsewhere(MADE)


@pytest.mark.parametrize(
    ("secret", "elsewhere"), [("source_admin_password", ""), ("source_reader_password", "db.example.com")]
)
def test_a_stack_in_containers_says_whose_the_source_is(monkeypatch, secret, elsewhere):
    names = ("source_admin_password", "source_reader_password", "dbt_password", "airflow_admin_password")
    monkeypatch.setattr(containers, "read_secrets", lambda _: dict.fromkeys((*names, "lake_secret_key"), "x"))
    server = {"host": "db.example.com", "port": 1, "database": "d", "user": "u", "sslmode": "disable"}
    made = {
        "airflow": "http://a",
        "source": {**server, "secret": secret},
        "warehouse": {**server, "secret": "dbt_password"},
        "lake": {"url": "http://l", "access_key": "k"},
        "prometheus": "http://p",
    }
    assert containers.endpoints(made).source_elsewhere == elsewhere


class Busy:
    """Airflow with a run of the warehouse DAG in flight."""

    url = "http://a"

    def request(self, method, path, body=None):
        return SimpleNamespace(ok=True)

    def call(self, method, path, body=None):
        runs = [{"dag_run_id": "manual__x"}] if f"/{WAREHOUSE_DAG}/" in path else []
        return {"dag_runs": runs, "start_date": "2024-09-01T00:00:00+00:00"}


def test_a_run_in_flight_is_refused():
    stack = AirflowStack(Console(quiet=True), MADE, lambda _: False)
    stack.airflow = cast(Any, Busy())
    with pytest.raises(
        UserError, match=f"The run manual__x of {WAREHOUSE_DAG} is in flight, .*: wait until it has ended"
    ):
        stack.check()
    assert stack.first_day == date(2024, 9, 1)


def test_a_stack_that_is_stopped_is_one_sentence():
    made = Endpoints("http://127.0.0.1:9", *list(vars(MADE).values())[1:])
    stack = AirflowStack(Console(quiet=True), made, lambda _: False)
    with pytest.raises(UserError) as error:
        stack.check()
    assert str(error.value).startswith("Airflow does not answer at http://127.0.0.1:9: is the stack up?")


LOG = """worker
*** Found logs in s3:
[2024-09-01T00:00:01+0000] {taskinstance.py:3310} ERROR - Task failed with exception
Traceback (most recent call last):
  File "extract.py", line 1, in extract
bikes_store.errors.Refused: The source does not keep its contract; change it back.
The above exception was the direct cause of the following exception:
airflow.exceptions.AirflowFailException: The source does not keep its contract: change it back.
[2024-09-01T00:00:02+0000] {local_task_job_runner.py:266} INFO - Task exited with return code 1
"""


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (LOG, "The source does not keep its contract: change it back."),
        ("bikes_store.errors.Unavailable: The API is down.\nlast", "The API is down."),
        ("one\ntwo\n\n", "two"),
        ("", "Its log is empty."),
    ],
)
def test_the_sentence_of_a_task_that_failed(log, says):
    assert sentence(log) == says


class Again(Busy):
    """Airflow with a run of the day that was run before: its load was tried once then."""

    def run_at(self, dag_id, moment):
        return {"dag_run_id": "manual__x"} if dag_id == STAGING_DAG else None

    def call(self, method, path, body=None):
        task = {"task_id": "load.db.t", "state": "success", "start_date": None, "end_date": None, "try_number": 1}
        return {"state": "success", "task_instances": [task]}

    def log(self, task, run_id):
        return LOG


def test_tries_of_an_earlier_run_of_the_day_do_not_count(monkeypatch):
    stack = AirflowStack(Console(quiet=True), MADE, lambda _: False)
    stack.airflow = cast(Any, Again())
    task = Task(STAGING_DAG, "load.db.t", "failed", None, None, 2)
    ended = [RunState(STAGING_DAG, "manual__x", "failed", [task])]
    monkeypatch.setattr(airflow_client, "start_run", lambda *_: "manual__x")
    monkeypatch.setattr(airflow_client, "follow", lambda *_: ended)
    assert stack.run(date(2024, 9, 1)).failed == Failure(
        "load.db.t", 1, "The source does not keep its contract: change it back."
    )


def test_a_watch_of_a_table_is_the_same_at_both_stations():
    source, staging = table("salesorderdetail", "salesorderid, salesorderdetailid", "orderqty", "true")
    assert (source.table, staging.table) == ("sales.salesorderdetail", "bikes_store_staging.salesorderdetail")
    assert (source.key, staging.key) == (2, 2)


def test_the_process_of_the_task_is_killed_and_no_other():
    def task(name: str) -> subprocess.Popen[bytes]:
        title = f"airflow task runner: {STAGING_DAG} {name} manual__x 12"
        return subprocess.Popen([title, "-c", "import time; time.sleep(60)"], executable=sys.executable)

    with task("load.db.person") as wanted, task("load.db.personal") as other:
        try:
            deadline = time.monotonic() + 10
            while not end_process.end("load.db.person", worker=None):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert wanted.wait(10) == -9
            assert other.poll() is None
            assert not end_process.end("load.db.person")
        finally:
            wanted.kill()
            other.kill()


def test_in_containers_each_worker_is_asked(monkeypatch):
    asked = []

    def docker(*arguments, said=None):
        if arguments[0] == "ps":
            return "b-airflow-worker-1\nb-airflow-worker-2\nb-airflow-worker-3\n"
        asked.append((arguments, said))
        return "ended\n" if "b-airflow-worker-2" in arguments else "none\n"

    for module in (engine, workers):
        monkeypatch.setattr(module, "docker", docker)
    assert workers.end_task("b", "load.db.person")
    assert [arguments[2] for arguments, _ in asked] == ["b-airflow-worker-1", "b-airflow-worker-2"]
    assert asked[0][0][3:] == ("python", "-", "load.db.person")
    done = subprocess.run([sys.executable, "-", "no.such.task"], input=asked[0][1], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("none\n", "")

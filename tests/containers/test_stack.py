"""Apply, run, lose a worker, destroy: on real containers. The tests are steps of one story, in this order."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest
import requests
from rich.console import Console

from bikes_store.lake import object_key
from bikes_store.tables import STAGING_SCHEMA, TABLES
from cli import airflow_client, report, status
from cli.airflow_client import MAINTENANCE_DAG, STAGING_DAG, WAREHOUSE_DAG
from cli.containers.secrets_file import read_secrets
from cli.errors import UserError
from cli.names import BUCKETS
from tests.support import leaks
from tests.support.compare import checksums, rows_of
from tests.support.dashboards import RULES, firing, prometheus_queries, shortened
from tests.support.engine import find_leftovers
from tests.support.stack import NAME, SCRAPE_SECONDS

# Six scrapes, and more heartbeats: Airflow's scheduler sends one each five seconds.
_WINDOW_SECONDS = 6 * SCRAPE_SECONDS
HELD_LOAD = "load.db.person"
GOOD = "bikes_store_warehouse_good_timestamp_seconds"
SLEEPER = """
import time

import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.utils.task_group import TaskGroup


def sleep(dag_run):
    if dag_run.conf.get("fail"):
        raise ValueError("as was asked for")
    time.sleep(5)


with DAG("sleeper", start_date=pendulum.datetime(2024, 9, 1), schedule=None, is_paused_upon_creation=False):
    with TaskGroup("nap"):
        PythonOperator(task_id="sleep", python_callable=sleep)
"""


@pytest.fixture(scope="module")
def run(stack):
    """A run of both DAGs, in which the worker that runs the first load is killed."""
    airflow_client.wait_for_dags(stack.airflow)
    # Held up by a lock, the load still runs when it is looked for. Without it, a load can be over before that.
    with closing(psycopg2.connect(stack.endpoints.warehouse_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE bikes_store_staging.person IN ACCESS EXCLUSIVE MODE")
        run_id = airflow_client.start_run(stack.airflow)
        next(progress for progress in airflow_client.follow(stack.airflow, run_id) if HELD_LOAD in progress.running)
        path = f"/dags/{STAGING_DAG}/dagRuns/{run_id}/taskInstances/{HELD_LOAD}"
        killed = stack.airflow.call("GET", path)["hostname"]
        stack.engine.containers.get(f"{NAME}-{killed}").kill()
    last = {progress.dag_id: progress for progress in airflow_client.follow(stack.airflow, run_id)}
    return run_id, killed, last


def test_every_service_is_healthy(stack):
    for container in stack.engine.containers.list(filters={"name": NAME}):
        assert container.attrs["State"]["Health"]["Status"] == "healthy", container.name


def test_ports_are_bound_to_loopback_alone(stack):
    bound = [
        binding["HostIp"]
        for container in stack.engine.containers.list(filters={"name": NAME})
        for bindings in (container.attrs["NetworkSettings"]["Ports"] or {}).values()
        for binding in bindings or []
    ]
    assert len(bound) == len(stack.ports)
    assert set(bound) == {"127.0.0.1"}


def test_no_secret_was_printed(stack):
    for name, value in read_secrets(stack.folder).items():
        assert value not in stack.output, name


def test_second_plan_is_empty(stack):
    done = stack.terraform("plan", "-detailed-exitcode", "-no-color")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_the_pipeline_user_reaches_its_two_buckets_and_no_other_call(stack):
    lake = stack.endpoints.lake()
    lake.put_object(Bucket="bikes-store", Key="test", Body=b"x")
    lake.delete_object(Bucket="bikes-store", Key="test")
    with pytest.raises(lake.exceptions.ClientError, match="AccessDenied"):
        lake.create_bucket(Bucket="another")


def test_both_dags_succeed_although_a_worker_is_lost(run):
    _, _, last = run
    (lost,) = (task for task in last[STAGING_DAG].tasks if task.task_id == HELD_LOAD)
    assert lost.try_number == 2
    assert {dag_id: progress.state for dag_id, progress in last.items()} == {
        STAGING_DAG: "success",
        WAREHOUSE_DAG: "success",
    }


def test_programs_of_the_stack_are_reached_without_a_password_in_sight(stack, run):
    """`make psql`, `make airflow`, `make dbt`. Their exit codes are those of the programs."""
    who = "-X -A -t -c 'SELECT current_user'"
    for database, role in (("warehouse", "reporter"), ("source", "source_reader"), ("airflow", "airflow")):
        done = stack.command("psql", DB=database, ARGS=who)
        assert (done.returncode, done.stdout) == (0, f"{role}\n"), done.stderr
    done = stack.command("airflow", ARGS="dags list --output plain")
    assert done.returncode == 0 and MAINTENANCE_DAG in done.stdout, done.stdout + done.stderr
    done = stack.command("dbt", ARGS="--quiet show --inline 'select current_user as who' --output json")
    assert done.returncode == 0 and '"who": "dbt"' in done.stdout, done.stdout + done.stderr
    assert stack.command("airflow", ARGS="dags gone").returncode == 2


def test_status_tells_of_the_stack(stack, run, monkeypatch):
    monkeypatch.setenv("ENDPOINTS", str(stack.folder / "endpoints.json"))
    console = Console(width=200, no_color=True)
    with console.capture() as screen:
        assert status.status(console) == 0
    text = screen.get()
    assert run[0] in text and "can't be asked" not in text and "does not answer" not in text
    disks = text.split("Disk")[1]
    assert "warehouse" in disks and "lake" in disks and "GB" in disks


def test_rows_and_money_reconcile(stack, run):
    assert report.make_report(stack.endpoints, run[0]).agree


def test_logs_are_read_back_from_the_lake(stack, run):
    """The bucket also has the logs of tasks that the killed worker had finished."""
    run_id, _, last = run
    first = next(task for task in last[STAGING_DAG].tasks if task.task_id == "extract.db.sales.salesorderdetail")
    assert "Found logs in s3" in stack.airflow.log(first, run_id)


@pytest.fixture(scope="module")
def ask(stack, run):
    """Ask Prometheus, after it has read the metrics of the run."""

    def query(expression):
        url = f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/query"
        answer = requests.get(url, params={"query": expression}, timeout=30).json()
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]

    wait_until(lambda: query(GOOD), 60, "Prometheus has no metrics of the warehouse")
    time.sleep(SCRAPE_SECONDS + 1)  # a rate needs two readings
    return query


def test_prometheus_has_airflows_metrics_with_labels(stack, ask):
    found = ask('sum by (dag_id, task_group) (airflow_task_finished_total{state="success"})')
    groups = {(series["metric"]["dag_id"], series["metric"].get("task_group")) for series in found}
    expected: set[tuple[str, str | None]] = {
        (STAGING_DAG, f"{stage}.{side}") for stage in ("extract", "load") for side in ("db", "api")
    }
    expected |= {(STAGING_DAG, None), (WAREHOUSE_DAG, None), (WAREHOUSE_DAG, "warehouse_init")}
    expected.add((MAINTENANCE_DAG, None))  # its first run comes with the start of Airflow
    assert groups == expected
    assert ask('{__name__=~"airflow_unmapped_.*"}') == []
    names = {series["metric"]["__name__"] for series in ask('{__name__=~"airflow_.*|bikes_store_.*"}')}
    assert [name for name in names if re.search("staging|init|salesorder|extract_db|load_db", name)] == []
    jobs = {series["metric"]["job"] for series in ask("up == 1")}
    prometheus = stack.engine.containers.get(f"{NAME}-prometheus")
    targets = json.loads(prometheus.exec_run(["cat", "/etc/prometheus/targets.json"]).output)
    assert jobs == {group["labels"]["job"] for group in targets}
    assert ask("pg_up == 0 or redis_up == 0") == []


def test_the_pipelines_own_metrics_are_what_the_run_did(stack, ask, run):
    made = report.make_report(stack.endpoints, run[0])
    extracted = {s["metric"]["table"]: int(s["value"][1]) for s in ask("bikes_store_table_extracted_rows")}
    assert extracted == {count.name: count.lake for count in made.counts}
    loaded = {s["metric"]["table"]: int(s["value"][1]) for s in ask("bikes_store_table_loaded_rows")}
    assert loaded == extracted
    assert all(float(series["value"][1]) > 0 for series in ask("bikes_store_table_extracted_bytes"))
    assert [s["value"][1] for s in ask("bikes_store_warehouse_difference_lines")] == ["0"]
    assert [s["value"][1] for s in ask("bikes_store_warehouse_difference_total_due")] == ["0"]


def test_every_panel_has_data_after_one_run(ask):
    shown = {query.name: [series["value"][1] for series in ask(query.text)] for query in prometheus_queries()}
    assert [name for name, values in shown.items() if not values or "NaN" in values] == []


def test_no_alert_fires_after_a_good_run_but_that_of_the_lost_worker(stack, ask, run):
    """The lost task was tried again once. Three times within an hour would be an alert."""
    _, killed, _ = run
    wait_for_alert(ask, "Worker heartbeat lost", [{"worker": killed}], 180)
    firing_now = [rule["name"] for rule in RULES if ask(firing(shortened(rule, _WINDOW_SECONDS)))]
    assert firing_now == ["Worker heartbeat lost"]
    stack.engine.containers.get(f"{NAME}-{killed}").start()
    wait_for_alert(ask, "Worker heartbeat lost", [], 120)


def test_the_process_of_a_task_is_ended_in_its_container(stack, run):
    """What `make simulate SCENARIO=worker-killed` does, to a process that has the name of a task's."""
    task = "load.db.nothing"
    title = f"airflow task runner: {STAGING_DAG} {task} run 1"
    named = f"import time, setproctitle; setproctitle.setproctitle({title!r}); time.sleep(60)"
    stack.engine.containers.get(f"{NAME}-airflow-worker-2").exec_run(["python", "-c", named], detach=True)
    end = f"from cli.containers.workers import end_task; print(end_task({NAME!r}, {task!r}))"

    def is_ended():
        done = stack.run(sys.executable, "-c", end)
        assert done.returncode == 0, done.stderr
        return done.stdout == "True\n"

    wait_until(is_ended, 20, "the process is not found")
    assert not is_ended()


def test_task_groups_last_as_long_as_airflow_says(ask, run):
    """A group lasts from its first start to its last end, as Airflow's own API says."""
    _, _, last = run
    for dag_id, progress in last.items():
        alone = {task.task_id for task in progress.tasks}
        groups = {name: seconds for name, seconds in report.stages(progress.tasks).items() if name not in alone}
        assert len(groups) == {STAGING_DAG: 4, WAREHOUSE_DAG: 1}[dag_id]
        told = ask(f'airflow_task_group_duration_seconds{{dag_id="{dag_id}"}}')
        assert {series["metric"]["task_group"]: float(series["value"][1]) for series in told} == pytest.approx(groups)


def test_a_new_statsd_exporter_replaces_what_sends_to_it(stack):
    """A process of Airflow looks the address up once, and a new exporter may have another address."""
    mapping = stack.folder.parent / "prometheus" / "statsd_mapping.yml"
    before = mapping.read_text()
    mapping.write_text(before + "# changed\n")
    assert stack.terraform("plan", "-out", "changed.plan").returncode == 0
    mapping.write_text(before)
    plan = json.loads(stack.terraform("show", "-json", "changed.plan").stdout)
    replaced = {
        change["change"]["before"]["hostname"]
        for change in plan["resource_changes"]
        if change["type"] == "docker_container" and change["change"]["actions"] == ["delete", "create"]
    }
    processes = {"scheduler", "webserver", "triggerer", "worker-1", "worker-2"}
    assert replaced == {"statsd-exporter", *(f"airflow-{process}" for process in processes)}


@pytest.fixture(scope="module")
def run_sleeper(stack, ask):
    """Run a DAG that was put into the folder a moment ago. Each run says whether it must fail."""
    (stack.folder.parent / "dags" / "sleeper.py").write_text(SLEEPER)
    wait_until(lambda: stack.airflow.call("GET", "/dags?dag_id_pattern=sleeper")["dags"], 120, "the DAG is not seen")

    def run(fail):
        run_id = stack.airflow.call("POST", "/dags/sleeper/dagRuns", {"conf": {"fail": fail}})["dag_run_id"]
        *_, progress = airflow_client.follow_run(stack.airflow, "sleeper", run_id)
        assert progress.state == ("failed" if fail else "success")

    return run


def test_five_seconds_of_a_new_dag_read_as_five(ask, run_sleeper):
    run_sleeper(fail=False)
    query = 'airflow_task_duration_seconds_sum{dag_id="sleeper",task_group="nap",task_id="nap.sleep"}'
    wait_until(lambda: ask(query), 3 * SCRAPE_SECONDS, "the task's duration is not seen")
    ((_, seconds),) = (series["value"] for series in ask(query))
    assert 5 <= float(seconds) < 8


def test_a_failing_dag_makes_its_alerts_fire_until_a_run_succeeds(ask, run_sleeper):
    for _ in range(3):
        run_sleeper(fail=True)
        # The alert fires from the first failure on.
        wait_for_alert(ask, "DAG run failed", [{"dag_id": "sleeper"}], 3 * SCRAPE_SECONDS)
    # The window of this rule is an hour, so test_alert_rules checks that it clears.
    task = {"dag_id": "sleeper", "task_id": "nap.sleep"}
    wait_for_alert(ask, "Task failing repeatedly", [task], 3 * SCRAPE_SECONDS)
    run_sleeper(fail=False)
    wait_for_alert(ask, "DAG run failed", [], 3 * SCRAPE_SECONDS)


def test_a_disk_that_fills_makes_its_alert_fire_and_clear(stack, ask):
    """The source's volume is a small disk of its own (see conftest.py)."""
    volumes = {series["metric"]["volume"] for series in ask('node_filesystem_avail_bytes{volume!=""}')}
    mounts = stack.engine.containers.get(f"{NAME}-node-exporter").attrs["Mounts"]
    assert volumes == {Path(mount["Destination"]).name for mount in mounts}
    assert "source" in volumes
    source = stack.engine.containers.get(f"{NAME}-source")
    filler = "/var/lib/postgresql/data/filler"
    fill = f"fallocate -l $(( $(df --output=avail -B1 {filler} | tail -1) * 9 / 10 )) {filler}"
    done = source.exec_run(["sh", "-c", f"touch {filler} && {fill}"])
    assert done.exit_code == 0, done.output
    wait_for_alert(ask, "Disk filling", [{"volume": "source"}], 3 * SCRAPE_SECONDS)
    source.exec_run(["rm", filler])
    wait_for_alert(ask, "Disk filling", [], 3 * SCRAPE_SECONDS)


def test_a_warehouse_that_is_stale_or_off_makes_its_alert_fire_and_clear(stack, ask):
    """A container sends what dbt's tests would send: first 27 hours old and a cent too much, then all right."""

    def send(hours_ago, lines, total_due):
        code = (
            "import time; from decimal import Decimal; from bikes_store import metrics;"
            "from bikes_store.airflow_glue.stats import send_gauges;"
            f"now = time.time() - {hours_ago} * 3600;"
            f"off = {{'order_lines': Decimal({lines}), 'total_due': Decimal('{total_due}')}};"
            "send_gauges(metrics.of_warehouse([], off, now))"
        )
        container = stack.engine.containers.get(f"{NAME}-airflow-scheduler")
        done = container.exec_run(["python", "-c", code])
        assert done.exit_code == 0, done.output

    send(27, 0, "0.01")
    for name in ("Warehouse stale", "Reconciliation off"):
        wait_for_alert(ask, name, [{}], 4 * SCRAPE_SECONDS)
    stack.engine.containers.get(f"{NAME}-statsd-exporter").restart()
    wait_until(lambda: not ask(GOOD), 4 * SCRAPE_SECONDS, "statsd-exporter still has the metric after its restart")
    for name in ("Warehouse stale", "Reconciliation off"):
        wait_for_alert(ask, name, [{}], 0)
    send(0, 0, "0")
    for name in ("Warehouse stale", "Reconciliation off"):
        wait_for_alert(ask, name, [], 4 * SCRAPE_SECONDS)


def test_faults_of_the_platform_make_their_alerts_fire_and_clear(stack, ask, run_sleeper):
    """A broken DAG file; the source, the lake and an exporter stopped, and all workers frozen, while a run waits."""
    names = ["airflow-worker-1", "airflow-worker-2"]
    workers = [stack.engine.containers.get(f"{NAME}-{name}") for name in names]
    stopped = [stack.engine.containers.get(f"{NAME}-{name}") for name in ("source", "lake", "redis-exporter")]
    broken = stack.folder.parent / "dags" / "broken.py"
    broken.write_text("from airflow import DAG\nthis is no Python\n")  # Airflow reads only files that have these words
    for container in workers:
        container.pause()
    for container in reversed(stopped):
        container.stop(timeout=5)
    stack.airflow.call("POST", "/dags/sleeper/dagRuns", {"conf": {"fail": False}})
    alerts = {
        "Database down": ([{"instance": "source-exporter:9187"}], 60),
        "Lake down": ([{}], 60),
        "Metrics missing": ([{"job": "redis"}], 60),
        "DAG import error": ([{}], 120),
        "Worker heartbeat lost": ([{"worker": name} for name in names], 180),
        "Queue stuck": ([{}], 360),
    }
    for name, (labels, seconds) in alerts.items():
        wait_for_alert(ask, name, labels, seconds)

    broken.unlink()
    for container in stopped:
        container.start()
    for container in workers:
        container.unpause()
    for name in alerts:
        wait_for_alert(ask, name, [], 180)


def test_a_stopped_scheduler_makes_its_alert_fire_and_clear(stack, ask):
    scheduler = stack.engine.containers.get(f"{NAME}-airflow-scheduler")
    scheduler.stop(timeout=5)
    wait_for_alert(ask, "Scheduler heartbeat lost", [{}], 180)
    scheduler.start()
    wait_for_alert(ask, "Scheduler heartbeat lost", [], 120)


def wait_for_alert(ask, name, labels, seconds):
    """Wait until the rule fires for exactly these series; without series, wait until it has cleared."""
    (rule,) = (rule for rule in RULES if rule["name"] == name)

    def seen():
        found = ask(firing(shortened(rule, _WINDOW_SECONDS)))
        return sorted((series["metric"] for series in found), key=str) == labels

    wait_until(seen, seconds, f"{name}: not {labels} within {seconds} s")


def wait_until(condition, seconds, message):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(1)


def test_redis_is_not_root_and_stops_when_it_is_told_to(stack):
    redis = stack.engine.containers.get(f"{NAME}-redis")
    # By the exit code: what a command says that ends at once may get lost in a busy engine.
    assert redis.exec_run(["sh", "-c", 'test "$(stat -c %U /proc/1)" = redis']).exit_code == 0
    began = time.monotonic()
    redis.stop(timeout=30)
    assert time.monotonic() - began < 10
    assert redis.wait()["StatusCode"] == 0
    redis.start()


def test_up_heals_a_lake_that_is_gone_and_a_grafana_that_is_stopped(stack):
    """Where they do not answer, Terraform can't even plan: it asks them for what it made there."""
    stack.engine.containers.get(f"{NAME}-lake").remove(force=True)
    stack.engine.containers.get(f"{NAME}-grafana").stop(timeout=5)
    assert stack.terraform("plan").returncode == 1
    done = stack.command("up")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    assert "The lake and Grafana do not answer: started first" in done.stdout
    assert stack.terraform("plan", "-detailed-exitcode").returncode == 0


def test_a_removed_file_of_passwords_is_written_again_with_the_same(stack):
    file = stack.folder / "secrets.auto.tfvars.json"
    passwords = read_secrets(stack.folder)
    file.unlink()
    done = stack.command("secrets")
    assert "read back from Terraform's state" in done.stdout, done.stdout + done.stderr
    assert read_secrets(stack.folder) == passwords
    assert not [name for name, value in passwords.items() if value in done.stdout + done.stderr]


def test_a_backup_brings_back_what_was_lost_after_it(stack, run):
    """Rows of the staging area, a mart, an object, a run in Airflow; and what came later is gone."""
    run_id, _, _ = run
    dsn, lake = stack.endpoints.warehouse_dsn, stack.endpoints.lake()
    lost_run = f"/dags/{STAGING_DAG}/dagRuns/{run_id}"
    wait_until(lambda: not runs_in_flight(stack), 600, "a run of the steps before does not end")
    pause(stack, True)  # as docs/backup.md says: Airflow would start a run in place of the one that is lost
    before, objects = held(dsn), settled(lake)
    folder = str(stack.folder.parent.parent / "backup")
    said = [stack.command("backup", BACKUP=folder)]

    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM bikes_store_staging.salesorderdetail; DROP TABLE warehouse.mart_sales_daily")
    lake.delete_object(Bucket="bikes-store", Key=object_key(TABLES["store"].source, run_id))
    lake.put_object(Bucket="bikes-store", Key="later", Body=b"x")
    assert stack.airflow.request("DELETE", lost_run).ok
    said.append(stack.command("restore", BACKUP=folder))
    said.append(stack.command("restore", BACKUP=folder, REPLACE="1"))

    output = "\n".join(done.stdout + done.stderr for done in said)
    assert [done.returncode for done in said] == [0, 1, 0], output
    assert "This stack is not empty" in said[1].stdout + said[1].stderr
    assert not leaks.Secrets(read_secrets(stack.folder)).named_in(output.encode())
    assert held(dsn) == before
    found = objects_of(lake)
    assert {
        key: (objects.get(key), found.get(key))
        for key in objects.keys() | found.keys()
        if objects.get(key) != found.get(key)
    } == {}
    wait_until(lambda: is_up(stack), 300, "Airflow is not up after the restore")
    assert stack.airflow.call("GET", lost_run)["state"] == "success"
    pause(stack, False)


def pause(stack, is_paused):
    for dag_id in (STAGING_DAG, WAREHOUSE_DAG, MAINTENANCE_DAG):
        stack.airflow.call("PATCH", f"/dags/{dag_id}", {"is_paused": is_paused})


def runs_in_flight(stack):
    path = "/dags/~/dagRuns?state=running&state=queued&limit=1"
    return stack.airflow.call("GET", path)["total_entries"]


def is_up(stack):
    with suppress(UserError):
        health = stack.airflow.call("GET", "/health")
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler"))
    return False


def held(dsn):
    """A checksum of each table of the warehouse."""
    staged = {
        name: md5("".join(map(str, rows_of(dsn, STAGING_SCHEMA, table))).encode()) for name, table in TABLES.items()
    }
    return staged, checksums(dsn)


def objects_of(lake):
    """A checksum of each object of the lake, and its metadata."""
    objects = {}
    for bucket in BUCKETS.values():
        for page in lake.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                answer = lake.get_object(Bucket=bucket, Key=item["Key"])
                objects[bucket, item["Key"]] = md5(answer["Body"].read()), answer["Metadata"]
    assert len(objects) > len(TABLES)
    return objects


def settled(lake):
    """The objects of the lake once they stay so: a task sends its log when its run has ended already."""
    last = None
    while last != (now := objects_of(lake)):
        last = now
        time.sleep(3)
    return now


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_docker_shows_no_secret_but_in_the_environment_of_a_container(stack, run):
    """Of all that has run: also of the jobs, which have ended, and of the worker that was killed."""
    containers = stack.engine.containers.list(all=True, filters={"name": NAME})
    assert {"exited", "running"} <= {container.status for container in containers}
    found = leaks.in_containers(leaks.Secrets(read_secrets(stack.folder)), containers)
    in_environment = {where for where in found if where.endswith(": environment")}
    assert f"{NAME}-airflow-scheduler: environment" in in_environment
    assert {where: names for where, names in found.items() if where not in in_environment} == {}


def test_down_removes_everything_at_the_first_try_with_tasks_running(stack, run):
    stack.airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", {})
    time.sleep(5)
    stack.engine.containers.get(f"{NAME}-grafana").stop(timeout=5)  # what Terraform made there goes with its volume
    done = stack.command("down")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert find_leftovers(stack.engine, NAME) == []

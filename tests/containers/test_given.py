"""What `make up` and `make down` do before Terraform's own work: see whether the lake and Grafana answer, and keep the
settings that they were given. A script takes Terraform's place, and keeps what it is asked."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys

import pytest

from cli.paths import REPOSITORY
from tests.support.programs import write_programs
from tests.support.web import web_server

STAND_IN = """\
#!/bin/sh
shift
echo "$*" >>"$HERE/calls"
case $1 in
show) if [ $# = 3 ]; then echo "$CHANGES"; CHANGES="{}"; else echo "$STATE"; fi ;;
output) echo "$OUTPUTS" ;;
console) cat >/dev/null; echo "$URLS" ;;
plan) [ -z "$SAID" ] || echo "$SAID"; env | grep ^TF_VAR_ | sort >"$HERE/given"; exit "$PLAN" ;;
esac
"""
DOCKER = """\
#!/bin/sh
case "$1 $2" in
"image ls") echo bikes-store-airflow:1 bikes-store-airflow:2 ;;
"image rm") echo "$3" >>"$HERE/images" ;;
"exec --interactive") echo "$*: $(cat)" >>"$HERE/exec" ;;
esac
"""
SERVER = {"host": "127.0.0.1", "database": "x", "user": "postgres", "sslmode": "disable"}
OUTPUTS = {
    "name": "bikes-store",
    "image": "bikes-store-airflow:2",
    "endpoints": {
        "airflow": "http://127.0.0.1:8080",
        "prometheus": "http://127.0.0.1:9090",
        "source": {**SERVER, "port": 1, "secret": "source_admin_password"},
        "warehouse": {**SERVER, "port": 2, "secret": "warehouse_admin_password"},
        "lake": {"url": "http://127.0.0.1:9", "access_key": "x"},
    },
    "pages": {},
}
INSIDE = {
    "module.lake[0].minio_s3_bucket.this": "minio_s3_bucket",
    "module.dashboards_and_alerts.grafana_folder.this": "grafana_folder",
}
LAKE, GRAFANA = INSIDE
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def command(tmp_path):
    """Run `python -m cli.containers NAME`; returns its output, its exit code, what Terraform was asked and given."""
    programs = write_programs(tmp_path / "bin", {"terraform": STAND_IN, "docker": DOCKER})
    resources = [{"address": address, "type": kind, "values": {}} for address, kind in INSIDE.items()]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_VAR_")}
    environment = {
        **inherited,
        "PATH": f"{programs}:/usr/bin:/bin",
        "HERE": str(tmp_path),
        "TERRAFORM_DIR": str(tmp_path),
        "DOCKER_HOST": "ssh://elsewhere",  # so that no port of this machine counts
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}",
        "OUTPUTS": json.dumps({name: {"value": value} for name, value in OUTPUTS.items()}),
        "STATE": json.dumps({"values": {"root_module": {"resources": resources}}}),
        "PLAN": "0",
        "CHANGES": "{}",
        "SAID": "",
    }

    def run(name, lake=NOWHERE, grafana=NOWHERE, **more):
        for file in ("calls", "given"):
            (tmp_path / file).unlink(missing_ok=True)
        urls = json.dumps(json.dumps({"The lake": lake, "Grafana": grafana}))
        done = subprocess.run(
            [sys.executable, "-m", "cli.containers", name],
            env={**environment, "URLS": urls, **more},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        read = [
            (tmp_path / file).read_text().splitlines() if (tmp_path / file).exists() else []
            for file in ("calls", "given")
        ]
        calls = [call for call in read[0] if call.split()[0] in ("plan", "apply", "state", "destroy")]
        return " ".join((done.stdout + done.stderr).split()), done.returncode, calls, read[1]

    return run


def changes(*actions, after):
    change = {"actions": list(actions), "before": {}, "after": after}
    return json.dumps({"resource_changes": [{"address": "IMAGE", "type": "docker_image", "change": change}]})


def test_a_new_image_is_built_before_any_container_goes(command):
    """So a build that fails leaves the old ones running: Terraform's own order has no such rule."""
    said, code, calls, _ = command("up", STATE="{}", CHANGES=changes("create", "delete", after={"build": [{}]}))
    assert code == 0, said
    assert [targets(call) for call in calls if call.startswith("plan")] == [[], ["IMAGE"], []]
    assert [call.split()[0] for call in calls] == ["plan", "plan", "apply", "plan", "apply"]
    for change in (changes("create", after={"build": [{}]}), changes("create", "delete", after={"build": []})):
        assert len(command("up", STATE="{}", CHANGES=change)[2]) == 2


def test_nothing_is_applied_where_nothing_changes(command):
    said, code, calls, _ = command("up", STATE="{}", SAID="No changes. Your infrastructure matches.")
    assert (code, [call.split()[0] for call in calls]) == (0, ["plan"])
    assert "Everything is up and healthy" in said


def test_images_that_are_not_used_any_more_are_removed(command, tmp_path):
    command("up", STATE="{}")
    assert (tmp_path / "images").read_text().split() == ["bikes-store-airflow:1"]
    (tmp_path / "images").unlink()
    command("down")
    assert (tmp_path / "images").read_text().split() == ["bikes-store-airflow:1", "bikes-store-airflow:2"]


def targets(call):
    return [word.removeprefix("-target=") for word in call.split() if word.startswith("-target=")]


def test_up_starts_a_lake_and_a_grafana_that_do_not_answer_before_it_plans_the_rest(command):
    said, code, calls, _ = command("up")
    assert code == 0, said
    assert "The lake and Grafana do not answer: started first" in said
    assert [call.split()[0] for call in calls] == ["plan", "apply", "plan", "apply"]
    assert targets(calls[0]) == ["module.lake[0].module.service", "module.monitoring.module.grafana"]
    assert targets(calls[2]) == []


def test_up_starts_nothing_first_that_answers(command):
    with web_server() as web:
        web.answers = [(404, b"")]
        said, code, calls, _ = command("up", lake=web.url, grafana=web.url)
        assert (code, len(calls), targets(calls[0])) == (0, 2, [])
        said, code, calls, _ = command("up", lake=web.url)
        assert (code, targets(calls[0])) == (0, ["module.monitoring.module.grafana"])
        assert "Grafana does not answer" in said


def test_up_asks_nobody_the_first_time(command):
    said, code, calls, _ = command("up", STATE="{}")
    assert (code, len(calls)) == (0, 2)
    assert "answer" not in said


@pytest.mark.parametrize("secret", ["lake_root_password", "grafana_admin_password", "dbt_password"])
def test_an_administrators_new_password_is_there_before_terraform_logs_in(command, tmp_path, secret):
    """MinIO takes it from its environment, so its container is first; Grafana keeps it, and is told."""
    command("secrets")
    kept = json.loads((tmp_path / "secrets.auto.tfvars.json").read_text())["secrets"]
    inside = [{"address": address, "type": kind, "values": {}} for address, kind in INSIDE.items()]
    inside.append({"address": "terraform_data.secrets", "type": "terraform_data", "values": {"input": kept}})
    state = json.dumps({"values": {"root_module": {"resources": inside}}})
    (tmp_path / "secrets.auto.tfvars.json").write_text(json.dumps({"secrets": kept | {secret: "a new one"}}))
    with web_server() as web:
        said, code, calls, _ = command("up", lake=web.url, grafana=web.url, STATE=state)
    assert code == 0, said
    assert "a new one" not in said
    first = [targets(call) for call in calls if call.startswith("plan")][:-1]
    assert first == ([["module.lake[0].module.service"]] if secret == "lake_root_password" else [])
    told = (tmp_path / "exec").read_text() if (tmp_path / "exec").exists() else ""
    reset = "exec --interactive bikes-store-grafana grafana cli admin reset-admin-password --password-from-stdin"
    assert told == (f"{reset}: a new one\n" if secret == "grafana_admin_password" else "")


def test_the_state_is_read_once_before_the_plan_and_once_after_the_apply(command, tmp_path):
    """Terraform starts all providers to show it, which takes seconds."""
    with web_server() as web:
        assert command("up", lake=web.url, grafana=web.url)[1] == 0
    assert (tmp_path / "calls").read_text().splitlines().count("show -json") == 2


def test_down_leaves_out_what_is_in_a_lake_and_a_grafana_that_do_not_answer(command):
    said, code, calls, _ = command("down")
    assert code == 0, said
    assert calls[0] == f"state rm {LAKE} {GRAFANA}"
    assert calls[1].startswith("destroy")
    with web_server() as web:
        said, code, calls, _ = command("down", lake=web.url)
    assert calls[0] == f"state rm {GRAFANA}"
    assert "Grafana does not answer: what Terraform made there goes with the volume." in said


def test_what_up_was_given_is_given_to_what_comes_later(command, tmp_path):
    ports = json.dumps({"grafana": 4000})
    _, _, _, given = command("up", TF_VAR_ports=ports, TF_VAR_name="two", SCALE="3", TF_VAR_secrets="{}")
    assert given == ["TF_VAR_name=two", f"TF_VAR_ports={ports}", "TF_VAR_scale=3", "TF_VAR_secrets={}"]
    assert stat.S_IMODE((tmp_path / "given.json").stat().st_mode) == 0o600
    said, _, _, given = command("plan", TF_VAR_name="three")
    assert "As before: ports, scale. `TF_VAR_name= make up` takes one back." in said
    assert given == ["TF_VAR_name=three", f"TF_VAR_ports={ports}", "TF_VAR_scale=3"]
    _, _, _, given = command("up", TF_VAR_scale="")  # a plan changes nothing of it; what is empty is taken back
    assert given == ["TF_VAR_name=two", f"TF_VAR_ports={ports}"]
    assert command("down")[1] == 0
    assert not (tmp_path / "given.json").exists()


def test_a_setting_that_terraform_refuses_is_not_kept(command, tmp_path):
    assert command("up", TF_VAR_scale="none", PLAN="1")[1] == 1
    assert not (tmp_path / "given.json").exists()


def test_a_file_that_somebody_broke_is_refused(command, tmp_path):
    (tmp_path / "given.json").write_text("[]")
    said, code, calls, _ = command("up")
    assert (code, calls) == (1, [])
    assert "given.json is not what `make up` writes: remove it" in said


PORTS = """
variable "ports" {{
  type = object({{
    airflow = optional(number, {airflow})
    grafana = optional(number, {grafana})
  }})
}}
"""


@pytest.fixture
def held(tmp_path):
    """The usual port of Airflow, which another program holds; that of Grafana is free. Both are the module's."""
    with socket.socket() as holder, socket.socket() as other:
        for each in (holder, other):
            each.bind(("127.0.0.1", 0))
        holder.listen()
        port, free = holder.getsockname()[1], other.getsockname()[1]
        other.close()
        (tmp_path / "variables.tf").write_text(PORTS.format(airflow=port, grafana=free))
        yield port


def ports_of(given):
    return [json.loads(line.partition("=")[2]) for line in given if line.startswith("TF_VAR_ports=")]


def test_a_new_stack_takes_the_next_free_port_and_keeps_it(command, held, tmp_path):
    said, code, _, given = command("up", STATE="{}", DOCKER_HOST="unix:///x")
    assert code == 0, said
    ((chosen,),) = (ports.values() for ports in ports_of(given))
    assert chosen > held
    assert f"{held} is in use on this machine, so this stack takes airflow {chosen}." in said
    _, _, _, given = command("plan")
    assert ports_of(given) == [{"airflow": chosen}]


CONTAINER = {"address": "x", "type": "docker_container", "values": {"id": "0a"}}
IS_UP = json.dumps({"values": {"root_module": {"resources": [CONTAINER]}}})


@pytest.mark.parametrize(
    "environment",
    [
        {"STATE": IS_UP},
        {"DOCKER_HOST": "ssh://elsewhere"},
        {"TF_VAR_docker_host_address": "big.example.com"},
        {"TF_VAR_ports": "{airflow = 1}"},
    ],
    ids=["a stack that is up", "another machine", "another address", "Terraform's own language"],
)
def test_ports_stay_as_they_are(command, held, environment):
    _, _, _, given = command("up", **{"STATE": "{}", "DOCKER_HOST": "unix:///x", **environment})
    kept = environment.get("TF_VAR_ports")
    assert [line for line in given if "ports" in line] == ([f"TF_VAR_ports={kept}"] if kept else [])


def test_a_port_that_somebody_asked_for_is_not_another(command, held, tmp_path):
    _, _, _, given = command("up", STATE="{}", DOCKER_HOST="unix:///x", TF_VAR_ports=json.dumps({"airflow": held}))
    assert ports_of(given) == [{"airflow": held}]
    (tmp_path / "my.auto.tfvars").write_text("ports = { grafana = 4000 }\n")
    _, _, _, given = command("up", STATE="{}", DOCKER_HOST="unix:///x", TF_VAR_ports="")
    assert ports_of(given) == []

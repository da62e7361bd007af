"""What the root module plans, refuses and shows."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.containers.images import read_image, read_pinned
from cli.containers.secrets_file import write_secrets
from cli.paths import REPOSITORY, TERRAFORM
from tests.support.engine import install
from tests.support.module import resources

INVENTORY = REPOSITORY / "tests" / "terraform" / "inventory.yaml"


def inventory(planned):
    """Which containers there are, and what a reader would want to know of each before saying yes to a change."""
    found = {}
    for values in resources(planned, "docker_container").values():
        found[values["name"]] = {
            "ports": sorted(f"{port['ip']}:{port['external']}->{port['internal']}" for port in values["ports"]),
            "mounts": sorted(mount(volume) for volume in values["volumes"]),
            # One whose value is known after apply alone has no name in the plan either.
            "env": sorted(variable.split("=", 1)[0] for variable in values.get("env") or [] if variable),
            "memory_mb": values["memory"],
            "capabilities": sorted(name for block in values["capabilities"] for name in block["add"] or []),
            "read_only": values["read_only"],
            "restart": values["restart"],
        }
    return dict(sorted(found.items()))


def mount(volume):
    source = volume["volume_name"] or "/".join(volume["host_path"].split("/")[-1:])
    return f"{source}:{volume['container_path']}{':ro' if volume['read_only'] else ''}"


@pytest.fixture(scope="module")
def planned(module):
    return module.plan(slack_webhook_url="https://hooks.slack.com/services/T0/B0/secretofslack")


def test_formatted():
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(REPOSITORY / "terraform")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_valid(module):
    done = module.run("validate", "-no-color")
    assert done.returncode == 0, done.stderr


def test_terraforms_own_tests(bare_module):
    done = bare_module.run("test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    runs = (TERRAFORM / "tests" / "platform.tftest.hcl").read_text().count("\nrun ")
    assert f"Success! {runs} passed, 0 failed" in done.stdout


def test_inventory(planned):
    """After a wanted change: INVENTORY=write .venv/bin/pytest tests/terraform -k inventory, and read the difference."""
    if os.environ.get("INVENTORY") == "write":
        INVENTORY.write_text(yaml.safe_dump(inventory(planned), sort_keys=False))
    assert inventory(planned) == yaml.safe_load(INVENTORY.read_text())


def test_every_container_drops_what_root_may(planned):
    made = resources(planned, "docker_container")
    assert not [a for a, v in made.items() if [block["drop"] for block in v["capabilities"]] != [["ALL"]]]
    assert not [a for a, v in made.items() if v["security_opts"] != ["no-new-privileges:true"]]


def test_the_table_of_the_readme_says_what_each_service_may(planned):
    """By kind: what is the same for several containers is one row."""
    page = (REPOSITORY / "terraform" / "README.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if "| CAP" in line]
    rows = [row for row in rows if len(row) == 5]
    told = {name.strip("` "): (row[2], row[3], row[4]) for row in rows for name in row[0].split(",")}
    containers = inventory(planned)
    found = {}
    for name, values in containers.items():
        kept = ", ".join(each.removeprefix("CAP_") for each in values["capabilities"])
        memory = f"{values['memory_mb']} MB" if values["memory_mb"] else "–"
        cells = (f"CAP: {kept or 'none'}", "yes" if values["read_only"] else "no", memory)
        found[name.removeprefix("bikes-store-").removesuffix("-1")] = cells
    assert told == found


def test_no_port_is_off_loopback(planned):
    ports = [port for values in resources(planned, "docker_container").values() for port in values["ports"]]
    assert {port["external"] for port in ports} == set(planned["variables"]["ports"]["value"].values())
    assert {port["ip"] for port in ports} == {"127.0.0.1"}


def test_a_variable_opens_the_ports(module):
    opened = resources(module.plan(bind_address="0.0.0.0"), "docker_container")  # noqa: S104 - this is the test
    assert {port["ip"] for values in opened.values() for port in values["ports"]} == {"0.0.0.0"}  # noqa: S104 - this is the test


def test_every_service_waits_for_its_health(planned):
    for address, values in resources(planned, "docker_container").items():
        if values["must_run"]:
            assert values["wait"] and values["healthcheck"], address
        else:
            assert values["attach"] and values["logs"], address


# What the images bring that a healthcheck may run. MinIO's has had no curl since November 2023, and those of Prometheus
# and Grafana have only what busybox has.
PROGRAMS = {
    "airflow": {"curl", "python"},
    "currency-api": {"curl"},
    "grafana": {"wget"},
    "lake": {"mc"},
    "prometheus": {"wget"},
    "redis": {"redis-cli"},
}


def test_healthchecks_run_what_their_image_has(planned):
    for values in resources(planned, "docker_container").values():
        for check in values["healthcheck"]:
            name = values["hostname"]
            if name.endswith("-exporter"):
                known = {"wget"}  # Prometheus' own images have busybox, redis_exporter's -alpine too
            else:
                known = PROGRAMS.get(name) or PROGRAMS.get(name.split("-")[0], set()) | {"pg_isready"}
            assert check["test"][0] in ("CMD", "CMD-SHELL")
            assert check["test"][1].split()[0] in known, name


def test_dags_and_dbt_are_mounted_read_only(planned):
    for name, values in resources(planned, "docker_container").items():
        for volume in values["volumes"]:
            if volume["host_path"]:
                assert volume["read_only"], (name, volume)
                assert volume["selinux_relabel"] == "z", (name, volume)  # or SELinux refuses them
            else:
                assert volume["selinux_relabel"] is None, (name, volume)


def test_init_gets_what_its_files_name_and_no_other_password(planned):
    containers = inventory(planned)
    given = {name: set(containers[f"bikes-store-airflow-{name}"]["env"]) for name in ("init", "scheduler")}
    files = [REPOSITORY / "airflow" / name for name in ("airflow_connections_init.yaml", "airflow_variables_init.json")]
    named = set(re.findall(r"\$\{(\w+)\}", json.dumps([yaml.safe_load(file.read_text()) for file in files])))
    of_init_alone = {"AIRFLOW_ADMIN_USER", "AIRFLOW_ADMIN_PASSWORD", "DBT_PROJECT_SHA1"}
    assert given["init"] - given["scheduler"] == named - given["scheduler"] | of_init_alone


def test_the_lake_removes_old_logs_by_itself_and_of_the_data_old_versions_alone(planned):
    rules = {values["bucket"]: values["rule"] for values in resources(planned, "minio_ilm_policy").values()}
    (logs,), (data,) = rules["airflow-logs"], rules["bikes-store"]
    assert (logs["expiration"], logs["noncurrent_expiration"][0]["days"]) == ("30d", "1d")
    # "DeleteMarker": what is left of an object when its last version is gone.
    assert (data["expiration"], data["noncurrent_expiration"][0]["days"]) == ("DeleteMarker", "30d")


def test_no_service_has_a_shell_as_its_first_process(planned):
    """It would keep Docker's SIGTERM from the server; and Redis' entrypoint leaves root only for redis-server."""
    commands = {
        v["hostname"]: v.get("command") for v in resources(planned, "docker_container").values() if v["must_run"]
    }
    assert (commands["redis"] or [""])[0] == "redis-server"
    assert not [name for name, command in commands.items() if command and command[0] in ("sh", "bash")]


def test_every_image_is_pinned(planned):
    names = [values["name"] for values in resources(planned, "docker_image").values()]
    assert [name for name in names if name.startswith("debian:")]  # what Airflow's own image is built on
    assert not [name for name in names if not read_image(name).tag or read_image(name).tag == "latest"]


def test_one_image_elsewhere_leaves_the_others_where_they_are(module):
    """And what Airflow's image is built on is one of them."""
    made = resources(
        module.plan(images={"base": "debian:own", "minio": "registry.example.com/minio:1"}), "docker_image"
    )
    names = {address.partition('"')[2].rstrip('"]'): values["name"] for address, values in made.items()}
    own = {name: str(image) for name, image in read_pinned(REPOSITORY / "terraform" / "images.yaml").items()}
    assert {name: names[name] for name in own} == own | {"base": "debian:own", "minio": "registry.example.com/minio:1"}
    (build,) = (values["build"] for values in made.values() if values["build"])
    assert build[0]["build_args"]["BASE_IMAGE"] == "debian:own"


def test_an_engine_that_is_named_builds_the_image_too(module):
    """buildx, which builds otherwise, does not look at the provider's host."""

    def legacy(**variables):
        made = resources(module.plan(**variables), "docker_image").values()
        return [build["use_legacy_builder"] for values in made for build in values["build"]]

    assert legacy() == [False]
    assert legacy(docker_host="unix:///elsewhere.sock") == [True]


def test_alert_rules_have_uids_of_their_own_and_wait_for_airflow(planned):
    """Without one, a rule that is put before another takes over its uid, and its state: Terraform goes by the index."""
    groups = resources(planned, "grafana_rule_group").values()
    uids = {rule["uid"]: rule["name"] for group in groups for rule in group["rule"]}
    assert uids["scheduler-heartbeat-lost"] == "Scheduler heartbeat lost"
    assert len(uids) == sum(len(group["rule"]) for group in groups)
    assert not [uid for uid in uids if not re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid)]
    (ready,) = (
        values["input"]
        for address, values in resources(planned, "terraform_data").items()
        if address == "module.dashboards_and_alerts.terraform_data.airflow"
    )
    assert ready == [f"bikes-store-airflow-{name}" for name in ("scheduler", "webserver", "triggerer", "worker-1")]


def test_links_to_runbooks_are_absolute_or_none(planned, module):
    def annotations(plan):
        return [r["annotations"] for g in resources(plan, "grafana_rule_group").values() for r in g["rule"]]

    assert all("runbook_url" not in each for each in annotations(planned))
    assert all(each["runbook"].startswith("docs/runbooks/") for each in annotations(planned))
    linked = annotations(module.plan(runbooks_url="https://example.com/runbooks/"))
    assert "https://example.com/runbooks/queue-stuck.md" in [each["runbook_url"] for each in linked]


@pytest.mark.parametrize(
    ("given", "transport"),
    [
        ("http://marquez:5000", {"type": "http", "url": "http://marquez:5000"}),
        ("/tmp/events", {"type": "file", "log_file_path": "/tmp/events", "append": True}),  # noqa: S108
    ],
)
def test_openlineage_events_go_where_the_variable_says(planned, module, given, transport):
    def settings(plan):
        containers = {v["hostname"]: v for v in resources(plan, "docker_container").values()}
        known = filter(None, containers["airflow-worker-1"]["env"])
        pairs = (variable.partition("=") for variable in known)
        return {name: value for name, _, value in pairs}

    assert settings(planned)["AIRFLOW__OPENLINEAGE__DISABLED"] == "True"
    assert "AIRFLOW__OPENLINEAGE__TRANSPORT" not in settings(planned)
    on = settings(module.plan(openlineage=given, runbooks_url="https://example.com/runbooks"))
    assert on["AIRFLOW__OPENLINEAGE__DISABLED"] == "False"
    assert json.loads(on["AIRFLOW__OPENLINEAGE__TRANSPORT"]) == transport
    assert on["BIKES_STORE_RUNBOOKS_URL"] == "https://example.com/runbooks"


def test_without_slack_every_alert_is_mute(module, planned):
    """Grafana's own contact point would send mail, and there is no mail server."""

    def policies(plan):
        (policy,) = resources(plan, "grafana_notification_policy").values()
        return policy["contact_point"], [(each["contact_point"], each["mute_timings"]) for each in policy["policy"]]

    assert policies(module.plan()) == ("slack", [("slack", ["always"])])
    assert policies(planned) == ("slack", [("slack", None)])


def test_nothing_that_depends_on_a_container_is_made_before_the_old_one_is_gone():
    """Terraform then does the same with the container, and the old one still has its name."""
    found = {
        (file.parent.name, kind)
        for file in (TERRAFORM / "modules").rglob("*.tf")
        for kind, body in re.findall(r'^resource "(\w+)".*?\{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL)
        if re.search(r"^\s*create_before_destroy", body, re.MULTILINE)
    }
    assert found == {("airflow_image", "docker_image")}


def test_databases_elsewhere_are_reached_by_tls(module):
    there = {"host": "db.example.com", "database": "x"}
    plan = module.plan(external_warehouse={**there, "sslmode": "verify-full"}, external_source={**there, "user": "u"})
    sources = {v["uid"]: v["json_data_encoded"] for v in resources(plan, "grafana_data_source").values()}
    assert json.loads(sources["warehouse"])["sslmode"] == "verify-full"
    (init,) = (v for v in resources(plan, "docker_container").values() if v["hostname"] == "airflow-init")
    assert {"SOURCE_SSLMODE=require", "WAREHOUSE_SSLMODE=verify-full"} <= set(init["env"])
    assert "PGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt" in init["env"]


def test_limits_reach_their_service(module):
    limits = {"airflow-worker": {"memory_mb": 3000, "cpus": "1.5"}}
    made = resources(module.plan(limits=limits, worker_count=2), "docker_container")
    limited = {v["name"] for v in made.values() if (v["memory"], v["memory_swap"], v["cpus"]) == (3000, 3000, "1.5")}
    assert limited == {"bikes-store-airflow-worker-1", "bikes-store-airflow-worker-2"}


def test_cores_are_written_as_the_provider_reads_them(module):
    """Or it replaces the container at every `make up`."""
    given = {"redis": "2", "lake": "1.50", "source": "0.25", "grafana": "10", "prometheus": "0.5"}
    made = resources(module.plan(limits={name: {"cpus": cores} for name, cores in given.items()}), "docker_container")
    found = {values["hostname"]: values["cpus"] for values in made.values() if values["cpus"]}
    assert found == {"redis": "2.0", "lake": "1.5", "source": "0.25", "grafana": "10.", "prometheus": "0.5"}


def test_no_secret_is_in_the_plans_text(module):
    shown = module.run("plan", "-no-color", slack_webhook_url="https://hooks.slack.com/services/T0/B0/secretofslack")
    assert shown.returncode == 0, shown.stderr
    for name, value in {**module.secrets, "slack": "secretofslack"}.items():
        assert value not in shown.stdout + shown.stderr, name


def test_outputs_hold_no_secret(planned, module):
    text = str(planned["planned_values"]["outputs"])
    assert not [name for name, value in module.secrets.items() if value in text]


def test_without_secrets_all_that_are_missing_are_named(bare_module, module):
    done = bare_module.run("plan", "-no-color")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert done.stderr.count("Error:") == 1
    for name in module.secrets:
        assert name in said
    assert "`make secrets` writes terraform/secrets.auto.tfvars.json." in said


@pytest.mark.parametrize(
    ("name", "value"), [("dbt_password", "short"), ("airflow_fernet_key", "not 32 bytes"), ("reporter_password", None)]
)
def test_a_secret_that_is_none_is_named_and_no_other(module, name, value):
    path = module.folder / "secrets.auto.tfvars.json"
    text = path.read_text()
    path.write_text(json.dumps({"secrets": {**module.secrets, name: value}}))
    try:
        done = module.run("plan", "-no-color")
    finally:
        path.write_text(text)
    said = " ".join(done.stderr.split())
    assert f"(8 characters; a fernet key is 32 bytes in URL-safe base64): {name}." in said


def test_secrets_are_for_their_owner_alone_and_stay(module):
    path = module.folder / "secrets.auto.tfvars.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    assert not write_secrets(module.folder, {})
    assert path.read_text() == before


def test_the_state_knows_every_secret_by_its_name(planned, module):
    (kept,) = [
        each["values"]["input"]
        for each in planned["planned_values"]["root_module"]["resources"]
        if each["address"] == "terraform_data.secrets"
    ]
    assert kept == module.secrets


def test_a_changed_dag_changes_nothing_and_changed_requirements_the_image(module, tmp_path):
    def image():
        (value,) = [v["name"] for v in resources(module.plan(), "docker_image").values() if "airflow" in v["name"]]
        return value

    before = image()
    lock = module.folder.parent / "uv.lock"
    text = lock.read_text()
    lock.write_text(text + "# changed\n")
    try:
        assert image() != before
    finally:
        lock.write_text(text)
    assert image() == before


def test_what_an_editor_puts_beside_an_open_file_changes_nothing(module):
    def planned():
        plan = module.plan()
        (image,) = [v["name"] for v in resources(plan, "docker_image").values() if "airflow" in v["name"]]
        (init,) = [v["env"] for v in resources(plan, "docker_container").values() if v["hostname"] == "airflow-init"]
        return image, [value for value in init if value.startswith("DBT_PROJECT_SHA1=")]

    before = planned()
    names = (".x.py.swp", ".#x.py", "#x.py#", "x.py~", ".DS_Store")
    folders = [module.folder.parent / folder for folder in ("airflow", "dbt/bikes_store_warehouse")]
    beside = [folder / name for folder in folders for name in names]
    for file in beside:
        file.write_text("x")
    try:
        assert planned() == before
    finally:
        for file in beside:
            file.unlink()


@pytest.mark.parametrize("external_lake", [None, {"endpoint": "https://s3.example.com", "region": "eu-west-1"}])
def test_prometheus_reads_every_exporter_and_takes_its_configuration(module, tmp_path, external_lake):
    install("promtool", "prometheus")
    made = resources(module.plan(external_lake=external_lake, scrape_interval="45s"), "docker_container")
    services = {values["hostname"]: values for values in made.values() if values["must_run"]}
    for upload in services["prometheus"]["upload"]:
        (tmp_path / Path(upload["file"]).name).write_text(upload["content"])
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    groups = json.loads((tmp_path / "targets.json").read_text())
    read = {address.split(":")[0]: group["labels"] for group in groups for address in group["targets"]}
    assert read.keys() <= services.keys()
    assert read.keys() >= {name for name in services if name.endswith("-exporter")} | {"prometheus"}
    assert ("lake" in read) == (external_lake is None)
    assert {labels["__scrape_interval__"] for labels in read.values()} == {"45s"}
    assert all(labels["job"] and labels["__metrics_path__"].startswith("/") for labels in read.values())


def test_jobs_that_alert_rules_and_dashboards_name_are_read(module):
    made = resources(module.plan(), "docker_container")
    (prometheus,) = (values for values in made.values() if values["hostname"] == "prometheus")
    (targets,) = (upload["content"] for upload in prometheus["upload"] if upload["file"].endswith(".json"))
    jobs = {group["labels"]["job"] for group in json.loads(targets)}
    files = [REPOSITORY / "grafana" / "alert_rules.yml", *(REPOSITORY / "grafana" / "dashboards").glob("*.json")]
    named = {job for file in files for job in re.findall(r'job=\\?"([^"\\]+)', file.read_text())}
    assert named
    assert named <= jobs


def test_grafana_opens_on_a_dashboard_that_exists(module):
    """Grafana's own home would ask for a first data source. A redirect to a page that is not there ends in an error."""
    made = resources(module.plan(), "docker_container")
    (grafana,) = (values for values in made.values() if values["hostname"] == "grafana")
    (home,) = (line.partition("=")[2] for line in grafana["env"] if line.startswith("GF_USERS_HOME_PAGE="))
    files = (REPOSITORY / "grafana" / "dashboards").glob("*.json")
    assert home in {f"/d/{json.loads(file.read_text())['uid']}" for file in files}

from __future__ import annotations

import json
import os
import re
import socket
import stat
from functools import partial

import pytest

from cli.errors import UserError
from cli.files import write_private
from cli.ports import Claims
from cli.processes import currency_api
from cli.processes.platform import DEFAULT_PORTS, check_ports, is_free
from cli.processes.settings import load_or_create
from tests.support.ports import free_ports


def test_made_once_and_kept_private(tmp_path):
    made = load_or_create(tmp_path, {}, DEFAULT_PORTS)
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600
    assert load_or_create(tmp_path, {}, DEFAULT_PORTS) == made
    assert len(set(made.secrets.values())) == len(made.secrets)
    assert all(len(secret) >= 32 for secret in made.secrets.values())
    assert made.ports == DEFAULT_PORTS


def test_two_demos_share_no_secret(tmp_path):
    one, two = (load_or_create(tmp_path / name, {}, DEFAULT_PORTS) for name in ("one", "two"))
    assert not set(one.secrets.values()) & set(two.secrets.values())


def test_port_is_moved_by_a_variable(tmp_path):
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}, DEFAULT_PORTS).airflow_url == "http://127.0.0.1:9090"
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}, DEFAULT_PORTS).ports["airflow"] == 9090


def test_a_demo_that_is_there_goes_on_to_a_port_that_is_asked_for(tmp_path):
    said: list[str] = []
    made = load_or_create(tmp_path, {}, DEFAULT_PORTS)
    moved = load_or_create(tmp_path, {"CURRENCY_API_PORT": "9090"}, DEFAULT_PORTS, say=said.append)
    assert moved.ports == {**DEFAULT_PORTS, "currency_api": 9090}
    assert moved.secrets == made.secrets
    assert said == ["Ports of this demo, which it keeps: CURRENCY_API_PORT=9090."]
    assert load_or_create(tmp_path, {}, DEFAULT_PORTS).ports == moved.ports
    # Airflow's variable has the address of before.
    assert currency_api.left_urls(moved) == ["http://127.0.0.1:18000/api/currencydata"]
    again = load_or_create(tmp_path, {"CURRENCY_API_PORT": "18000"}, DEFAULT_PORTS)
    assert currency_api.left_urls(again)[-1] == "http://127.0.0.1:9090/api/currencydata"


def test_a_new_demo_takes_the_next_free_port_where_nobody_asked_for_one(tmp_path):
    taken = {8080, 8081, 9090, DEFAULT_PORTS["s3"]}
    said: list[str] = []
    environment = {"S3_FILER_PORT": "8082"}
    made = load_or_create(tmp_path, environment, DEFAULT_PORTS, lambda _, port: port not in taken, said.append)
    assert made.ports == {**DEFAULT_PORTS, "s3_filer": 8082, "airflow": 8083, "s3": DEFAULT_PORTS["s3"] + 1}
    assert said == ["8080, 8333 are in use on this machine, so this demo takes AIRFLOW_PORT=8083, S3_PORT=8334."]
    # The next time they are its own, whatever is taken.
    assert load_or_create(tmp_path, {}, DEFAULT_PORTS, lambda *_: False).ports == made.ports


def test_two_demos_side_by_side_get_ports_of_their_own(tmp_path):
    """Neither has bound a port yet when the other chooses."""
    with Claims() as one, Claims() as two:
        first, second = (
            load_or_create(tmp_path / name, {}, DEFAULT_PORTS, partial(is_free, claims=claims))
            for name, claims in (("one", one), ("two", two))
        )
        assert not set(first.ports.values()) & set(second.ports.values())


def test_a_port_that_is_asked_for_and_taken_is_refused_and_nothing_is_kept(tmp_path):
    made = load_or_create(tmp_path, {}, DEFAULT_PORTS)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        for home in (tmp_path, tmp_path / "new"):
            with pytest.raises(UserError) as refused:
                load_or_create(home, {"AIRFLOW_PORT": str(port)}, DEFAULT_PORTS, is_free)
            said = str(refused.value)
            assert f"The port {port} (airflow) of the demo is in use on this machine: " in said
            assert f"(process {os.getpid()}) holds it." in said
            (other,) = re.findall(r"`make demo AIRFLOW_PORT=(\d+)`", said)
            assert is_free("airflow", int(other))
    assert load_or_create(tmp_path, {}, DEFAULT_PORTS) == made
    assert not (tmp_path / "new" / "settings.json").exists()


def test_kept_ports_that_are_taken_are_named_with_a_command_that_works(tmp_path):
    """As when another clone's demo was made meanwhile, with the same ports."""
    usual = free_ports()  # a demo of this machine may have the real ones
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
            each.listen()
        first, second = (each.getsockname()[1] for each in (one, two))
        environment = {"AIRFLOW_PORT": str(first), "S3_PORT": str(second)}
        made = load_or_create(tmp_path, environment, usual)
        with pytest.raises(
            UserError, match=rf"{first} \(airflow\), {second} \(s3\).*\(process {os.getpid()}\)"
        ) as said:
            check_ports(made, ["airflow", "broker", "s3"])
        (command,) = re.findall(r"`make demo (.*)`", str(said.value))
        advised = dict(word.split("=") for word in command.split())
        assert advised.keys() == {"AIRFLOW_PORT", "S3_PORT"}
        check_ports(load_or_create(tmp_path, advised, usual, is_free), ["airflow", "s3"])


def test_a_port_for_packets_is_looked_at_as_such():
    port = free_ports()["statsd"]  # not one that the system would give: an outgoing connection may have its number
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        assert not is_free("statsd", port)
        assert is_free("statsd_web", port)


def test_private_file_replaces_an_open_one(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, json.dumps({"a": 1}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == '{"a": 1}'

"""Ports of this machine: taken, free, claimed, held by whom."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli import ports
from cli.ports import Claims, Holder, find_holder, is_taken, next_free
from tests.support.programs import write_programs

CLAIM = """
import sys
from cli.ports import Claims
claims = Claims()
print(claims.claim(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_is_held_is_taken_and_has_a_holder(held):
    assert is_taken(held)
    holder = find_holder(held)
    assert holder is not None
    assert (holder.pid, holder.directory) == (os.getpid(), str(Path.cwd()))
    assert str(holder) == f"{holder.program} (process {os.getpid()})"
    assert not is_taken(held, udp=True)
    assert find_holder(held, udp=True) is None


def test_on_macos_a_server_is_asked_too(held, monkeypatch):
    """One address can be bound there although a server has the port on all of them."""
    monkeypatch.setattr(ports.sys, "platform", "darwin")
    monkeypatch.setattr(socket.socket, "bind", lambda *_: None)
    assert is_taken(held)
    monkeypatch.setattr(ports.sys, "platform", "linux")
    assert not is_taken(held)


def test_an_address_of_another_machine_holds_nothing(held):
    assert not is_taken(held, "192.0.2.1")


def test_the_next_port_that_is_free_and_not_used(held):
    assert next_free(1024, {1025}, lambda port: port > 1026) == 1027
    assert next_free(held - 1, (), lambda port: not is_taken(port)) > held
    assert next_free(65535, (), lambda port: True) == 65535


@pytest.mark.skipif(not Path("/proc/net/unix").exists(), reason="a claim is a name that Linux keeps")
def test_a_claim_ends_with_its_process(held):
    command = [sys.executable, "-c", CLAIM, str(held)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with Claims() as claims:
            assert not claims.claim(held)
            with Claims("another kind") as others:
                assert others.claim(held)
            other.kill()  # however it ends
            other.wait()
            assert claims.claim(held)
            assert claims.claim(held)


def test_processes_of_others_are_told_by_their_user(tmp_path):
    """As this user sees a process of root: its socket is in the table, its open files are not."""
    (tmp_path / "net").mkdir()
    line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 x 100 0"
    (tmp_path / "net" / "tcp").write_text(f"  sl  local_address …\n{line}\n")
    (tmp_path / "1" / "fd").mkdir(parents=True)
    assert find_holder(8080, proc=tmp_path) == Holder(user="root")
    assert str(Holder(user="root")) == "a program of the user root"
    assert str(Holder()) == "another program"
    assert find_holder(8081, proc=tmp_path) is None
    (tmp_path / "1" / "fd" / "3").symlink_to("socket:[4711]")
    (tmp_path / "1" / "cwd").symlink_to("/srv")
    (tmp_path / "1" / "comm").write_text("java\n")
    assert find_holder(8080, proc=tmp_path) == Holder("java", 1, "/srv", "root")


LSOF = """\
#!/bin/sh
case "$*" in
*iTCP:8080*) echo p77; echo cControlCe; echo Lmaria ;;
"-a -d cwd -p 77 -Fn") echo p77; echo fcwd; echo n/Users/maria ;;
*) exit 1 ;;
esac
"""


def test_on_macos_lsof_is_asked(tmp_path, monkeypatch):
    nowhere = tmp_path / "no-proc"
    monkeypatch.setenv("PATH", f"{write_programs(tmp_path / 'bin', {'lsof': LSOF})}:/usr/bin:/bin")
    assert find_holder(8080, proc=nowhere) == Holder("ControlCe", 77, "/Users/maria", "maria")
    assert find_holder(8081, proc=nowhere) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_holder(8080, proc=nowhere) is None


def test_a_user_without_a_name_has_a_number():
    assert ports._user_name(4_000_000) == "4000000"  # noqa: SLF001

"""What the tests do with a Docker engine before they use it."""

from __future__ import annotations

from tests.support.engine import BASE, find_leftovers, need_base, remove_leftovers
from tests.support.stack import NAME


def test_what_a_killed_run_left_is_removed(engine):
    need_base(engine)
    network = engine.networks.create(f"{NAME}-killed")
    volumes = {engine.volumes.create(f"{NAME}-killed").name: {"bind": "/data", "mode": "rw"}}
    engine.containers.run(
        BASE, ["sleep", "600"], name=f"{NAME}-killed", network=network.name, volumes=volumes, detach=True
    )
    remove_leftovers(engine, f"{NAME}-killed")
    assert find_leftovers(engine, f"{NAME}-killed") == []

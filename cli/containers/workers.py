"""The workers of a stack in containers."""

from __future__ import annotations

from cli.containers.engine import containers, docker
from cli.paths import REPOSITORY

_END_PROCESS = REPOSITORY / "cli" / "simulate" / "end_process.py"


def end_task(prefix: str, task_id: str) -> bool:
    """Kill the process of a task in whichever worker runs it; returns whether one did.

    :param prefix: what the names of the stack's containers begin with.
    :raises UserError: when Docker can't be asked.
    """
    workers = containers(f"{prefix}-airflow-worker-")
    script = _END_PROCESS.read_text()
    return any(docker("exec", "-i", name, "python", "-", task_id, said=script).strip() == "ended" for name in workers)

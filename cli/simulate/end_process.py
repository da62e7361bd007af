"""End the process of a task that runs on this machine, as a lack of memory would: with SIGKILL.

    python end_process.py TASK_ID

It imports nothing of ours: for a stack in containers, the worker's own Python reads it.
"""

from __future__ import annotations

import os
import signal
import sys

import psutil

# https://github.com/apache/airflow/blob/2.10.2/airflow/task/task_runner/standard_task_runner.py
_TITLE = "airflow task runner: bikes_store_staging {} "


def end(task_id: str, worker: int | None = None) -> bool:
    """Kill the process of a task; returns whether there was one.

    :param worker: the process id of the worker that runs it; None looks at all processes.
    """
    processes = psutil.Process(worker).children(recursive=True) if worker else psutil.process_iter()
    for process in processes:
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:  # it has ended, or is another user's
            continue
        if title.strip().startswith(_TITLE.format(task_id).strip() + " "):
            os.kill(process.pid, signal.SIGKILL)
            return True
    return False


if __name__ == "__main__":
    print("ended" if end(sys.argv[1]) else "none")

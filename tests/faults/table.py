"""The table of faults. Each row is held by the tests that carry its name: ``@pytest.mark.fault("killed-copy")``.

docs/reliability.md shows the same table: ``FAULTS_TABLE=write .venv/bin/pytest tests/faults -k page`` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: Tests that take minutes. They run by `make test-faults`, and not by `make test`.
LONG = Path(__file__).parent / "long"


@dataclass(frozen=True)
class Fault:
    """What happens, where, and what comes of it: at once, and after the retry or the next run."""

    what: str
    where: str
    outcome: str


FAULTS: dict[str, Fault] = {
    "worker": Fault(
        "worker killed",
        "platform: in an extract, a load, fact_order, a mart",
        "each task is tried again on the next worker",
    ),
    "killed-extract": Fault(
        "worker killed",
        "extract, rows on their way from the source",
        "no object appears; the retry removes the unfinished upload",
    ),
    "killed-upload": Fault(
        "worker killed", "extract, parts on their way to the lake", "no object appears; the retry removes the upload"
    ),
    "killed-copy": Fault("worker killed", "load, during COPY", "PostgreSQL rolls back; the retry loads"),
    "killed-commit": Fault("worker killed", "load, between COPY and COMMIT", "PostgreSQL rolls back; the retry loads"),
    "killed-answer": Fault("worker killed", "load, after COMMIT", "the rows are there; the retry writes none"),
    "killed-dbt": Fault("worker killed", "dbt, in the middle of fact_order", "PostgreSQL rolls back; the retry builds"),
    "cut-source": Fault(
        "connection cut", "extract, mid-stream", "the task fails, no object appears; the retry extracts"
    ),
    "cut-warehouse": Fault(
        "connection cut", "load, during COPY", "the task fails, nothing is written; the retry loads"
    ),
    "cut-commit": Fault(
        "connection cut", "load, between COPY and COMMIT", "the task fails, nothing is written; the retry loads"
    ),
    "cut-answer": Fault(
        "connection cut", "load, before COMMIT is answered", "the task fails, the rows are there; the retry writes none"
    ),
    "cut-dbt": Fault(
        "connection cut",
        "dbt, in a snapshot, fact_order, a mart",
        "the model fails and is rolled back; the retry builds",
    ),
    "slow": Fault("slow, in small pieces", "source, warehouse and lake", "the task takes longer and succeeds"),
    "refused": Fault(
        "PostgreSQL refuses", "source or warehouse", "the task fails in a sentence; the retry does its work"
    ),
    "restarted": Fault(
        "PostgreSQL killed and restarted", "load, between COPY and COMMIT", "nothing is written; the retry loads"
    ),
    "lake-upload": Fault(
        "lake down", "extract, during the upload", "the task fails, no object appears; the retry extracts"
    ),
    "lake-once": Fault(
        "lake cuts one request", "extract, during the upload", "the client repeats it; the task succeeds"
    ),
    "lake-answer": Fault(
        "lake's answer or upload lost",
        "extract, at the end of the upload",
        "the task fails; the retry writes the object again",
    ),
    "lake-download": Fault(
        "lake down", "load, during the download", "the task fails, nothing is written; the retry loads"
    ),
    "lake-refused": Fault(
        "lake down", "before extract or load", "the task fails in a sentence; the retry does its work"
    ),
    "disk-load": Fault("disk full", "warehouse, during COPY", "the task fails, nothing is written; the retry loads"),
    "disk-dbt": Fault("disk full", "warehouse, in fact_order", "the model fails and is rolled back; the retry builds"),
    "two-runs": Fault("two runs of one day", "extract and load at the same time", "each row is written once"),
    "two-tries": Fault(
        "a try begins while the last still works", "load, before COMMIT", "the second waits, and writes nothing"
    ),
    "vanished": Fault(
        "worker's machine vanishes", "load, between COPY and COMMIT", "the server ends the session; the retry loads"
    ),
    "cleared": Fault(
        "one run cleared ten times", "extract and load", "no row is written again; one object in the lake"
    ),
    "scheduler": Fault(
        "scheduler killed and restarted",
        "platform: in an extract, a load, fact_order",
        "the next scheduler takes the run over",
    ),
    "broker-emptied": Fault("broker emptied", "platform: with extracts in the queue", "what was lost is queued again"),
    "broker-restarted": Fault(
        "broker killed and restarted", "platform: in an extract and in fact_order", "the run goes on"
    ),
    "postgres": Fault(
        "PostgreSQL restarted, with Airflow's own database",
        "platform: in an extract, a load, fact_order",
        "the retries do the work",
    ),
    "database-refuses": Fault(
        "PostgreSQL refuses for a while",
        "platform: the source in the extracts, the warehouse in the loads",
        "the retries do the work",
    ),
    "alert": Fault(
        "PostgreSQL refuses for longer than the retries",
        "platform: the warehouse in the loads",
        "one alert, for the task that failed; cleared, the run goes on",
    ),
    "lake": Fault("lake killed and restarted", "platform: in an extract and in a load", "the retries do the work"),
    "lake-log": Fault(
        "lake killed and restarted", "platform: when dbt's logs are written", "the tasks succeed; no retry, no alert"
    ),
    "two-runs-of-a-day": Fault("two runs of one day", "platform", "one runs after the other"),
    "cleared-while-it-runs": Fault("one run cleared ten times", "platform: while it runs", "the last clear counts"),
    "midnight": Fault(
        "midnight and the change of clocks",
        "incremental, source and worker in a time zone",
        "each row arrives with its day",
    ),
    "zone": Fault("warehouse in another time zone", "load and dbt", "the same rows, facts and marts"),
}


def render(results: Mapping[str, str] | None = None) -> str:
    """The table in Markdown; with ``results``, a last column says what the tests of each row gave."""
    head = ["fault", "where", "outcome", *(["tests"] if results else [])]
    rows = [
        [fault.what, fault.where, fault.outcome, *([results[name]] if results else [])]
        for name, fault in FAULTS.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])

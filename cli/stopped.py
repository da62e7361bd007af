"""What Ctrl-C leaves of the commands that both ways to run the platform have."""

from __future__ import annotations

#: By command, as a sentence for a person.
WHEN_STOPPED = {
    "backup": "Stopped. A backup that was not whole is gone; the stack is as it was.",
    "restore": "Stopped. Run `make restore` again with the same backup, and with REPLACE=1 if it says that the stack is"
    " not empty.",
    "simulate": "Stopped. What the scenario broke is mended; a run that was begun goes on in Airflow.",
    # Before the program has taken the command's place.
    **dict.fromkeys(("psql", "airflow", "dbt"), "Stopped. Nothing was run."),
}

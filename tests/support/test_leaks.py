"""A search for secrets that finds none must be able to find one."""

from __future__ import annotations

import subprocess
import sys
import time

from cli.database import connect
from tests.support import leaks

SECRETS = leaks.Secrets({"password": "s3cret-of-tests", "key": "another+one/"})


def test_each_place_is_searched(tmp_path, postgres, s3):
    (tmp_path / "log").write_text("the password is s3cret-of-tests")
    (tmp_path / "clean").write_text("s3cret")
    assert leaks.in_files(SECRETS, tmp_path.iterdir()) == {str(tmp_path / "log"): {"password"}}

    s3.put_object(Bucket="bikes-store", Key="leaks/body", Body=b"x another+one/ s3cret-of-tests")
    s3.put_object(Bucket="bikes-store", Key="leaks/metadata", Body=b"", Metadata={"a": "s3cret-of-tests"})
    assert leaks.in_lake(SECRETS, s3, ["bikes-store"]) == {
        "s3://bikes-store/leaks/body": {"password", "key"},
        "s3://bikes-store/leaks/metadata": {"password"},
    }
    for key in ("leaks/body", "leaks/metadata"):
        s3.delete_object(Bucket="bikes-store", Key=key)

    dsn = postgres.create_database("leaks")
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE xcom (value bytea); INSERT INTO xcom VALUES (%s)", (b'"s3cret-of-tests"',))
        cursor.execute("CREATE TABLE clean (value text)")
    assert leaks.in_database(SECRETS, dsn) == {"public.xcom": {"password"}}


def test_a_command_line_is_seen_while_it_runs():
    with leaks.in_command_lines(SECRETS) as seen:
        command = [sys.executable, "-c", "import time; time.sleep(60)", "--password=s3cret-of-tests"]
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + 30
            while not seen and time.monotonic() < deadline:
                time.sleep(0.05)
            process.kill()
    assert list(seen.values()) == [{"password"}]

"""Make Airflow's admin user, or set the password of the one that exists.

    AIRFLOW_ADMIN_USER=admin AIRFLOW_ADMIN_PASSWORD=... python airflow/create_user.py

`airflow users create` takes the password on its command line, which every user of the machine can read. This script
reads it from the environment.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    name, password = os.environ.get("AIRFLOW_ADMIN_USER"), os.environ.get("AIRFLOW_ADMIN_PASSWORD")
    if not name or not password:
        print("Set AIRFLOW_ADMIN_USER and AIRFLOW_ADMIN_PASSWORD in the environment.", file=sys.stderr)
        return 2
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        user = manager.find_user(name)
        if user is None:
            role = manager.find_role("Admin")
            if not manager.add_user(name, "Admin", "Bikes Store", f"{name}@localhost", role, password):
                print(f"Airflow could not make the user {name}: its log above says why.", file=sys.stderr)
                return 1
        else:
            manager.reset_password(user.id, password)
    return 0


if __name__ == "__main__":
    sys.exit(main())

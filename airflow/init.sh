#!/bin/sh
# Makes what Airflow needs before its processes start. Safe to run again. The environment says where things are.
set -eu

echo "• dbt's manifest"
python "$(dirname "$0")/write_manifest.py" &

echo "• metadata database, connections, variables, user $AIRFLOW_ADMIN_USER"
python "$(dirname "$0")/prepare.py" >/dev/null
wait $!

#!/bin/sh
# Makes what Airflow needs before its processes start. Safe to run again. The environment says where things are.
set -eu
umask 077 # the filled files hold passwords

here=$(dirname "$0")
filled=$(mktemp -d)
trap 'rm -rf "$filled"' EXIT

echo "• metadata database"
airflow db migrate >/dev/null

echo "• connections, variables"
python "$here/fill_in.py" "$here/airflow_connections_init.yaml" >"$filled/connections.yaml"
python "$here/fill_in.py" "$here/airflow_variables_init.json" >"$filled/variables.json"
airflow connections import --overwrite "$filled/connections.yaml" >/dev/null
# An existing variable keeps its value: somebody may have changed it in the UI.
airflow variables import --action-on-existing-key=skip "$filled/variables.json" >/dev/null

echo "• user $AIRFLOW_ADMIN_USER"
python "$here/create_user.py"

echo "• dbt's manifest"
project=${BIKES_STORE_DBT_PROJECT:-$AIRFLOW_HOME/dbt/bikes_store_warehouse}
target=$(dirname "$BIKES_STORE_DBT_MANIFEST")
umask 022
dbt --quiet --no-use-colors parse --project-dir "$project" --profiles-dir "$project" \
    --target-path "$target" --log-path "$target"

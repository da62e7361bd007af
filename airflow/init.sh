#!/bin/sh
# Makes what Airflow needs before its processes start. Safe to run again. The environment says where things are.
set -eu

project=${BIKES_STORE_DBT_PROJECT:-$AIRFLOW_HOME/dbt/bikes_store_warehouse}
target=$(dirname "$BIKES_STORE_DBT_MANIFEST")
echo "• dbt's manifest"
dbt --quiet --no-use-colors parse --project-dir "$project" --profiles-dir "$project" \
    --target-path "$target" --log-path "$target" &

echo "• metadata database, connections, variables, user $AIRFLOW_ADMIN_USER"
python "$(dirname "$0")/prepare.py" >/dev/null
wait $!

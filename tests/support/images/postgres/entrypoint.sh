#!/bin/sh
# Makes a cluster as the real image does, with the variables that the project uses.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown -R postgres:postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    umask 077
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
    # shellcheck disable=SC2086 # the arguments are words
    initdb --username="$POSTGRES_USER" --pwfile="$password" ${POSTGRES_INITDB_ARGS:-} >/dev/null
    rm "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    # It listens on the socket alone until the database exists.
    pg_ctl -s -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
    [ "$POSTGRES_DB" = postgres ] || PGPASSWORD=$POSTGRES_PASSWORD psql -q -h /tmp -U "$POSTGRES_USER" \
        -d postgres -v name="$POSTGRES_DB" <<SQL
CREATE DATABASE :"name";
SQL
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ ! -e "$file" ] || PGPASSWORD=$POSTGRES_PASSWORD psql -q -h /tmp -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
            -v ON_ERROR_STOP=1 -f "$file"
    done
    pg_ctl -s -m fast -w stop
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp

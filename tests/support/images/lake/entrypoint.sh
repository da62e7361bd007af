#!/bin/sh
# The real image gets `server /data --address :9000 --console-address :9001`. Here the ports are fixed.
set -eu
[ "$1" = server ] || { echo "unknown command: $1" >&2; exit 1; }
umask 077
cat >/tmp/s3.json <<JSON
{"identities": [{"name": "root", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
  "credentials": [{"accessKey": "$MINIO_ROOT_USER", "secretKey": "$MINIO_ROOT_PASSWORD"}]}]}
JSON
nginx
exec weed -logtostderr mini -dir="$2" -ip=127.0.0.1 -ip.bind=127.0.0.1 -s3.port=8333 -s3.config=/tmp/s3.json \
    -s3.iam.readOnly=false -s3.autoCreateBucket=false -s3.port.iceberg=0 -s3.port.lance=0 -master.telemetry=false \
    -webdav=false -admin.ui=false -metricsPort=9327

#!/bin/sh
# Write passwords for compose.yaml: images/passwords.sh > .env
set -eu
umask 077
for name in REDIS_PASSWORD MYSQL_PASSWORD MYSQL_ROOT_PASSWORD MONGODB_PASSWORD MODEL_TOKEN SCRAPYD_PASSWORD \
    METRICS_TOKEN GRAFANA_PASSWORD; do
    echo "$name=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
done

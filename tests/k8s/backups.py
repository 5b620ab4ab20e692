"""The CronJobs of backups, run as they are written; what they made comes back into new servers."""

from __future__ import annotations

import shutil

import pymysql

from storage import StoreOptions
from storage.mongodb.database import connect
from tests.k8s.databases import Databases
from tests.k8s.processes import Processes

REDIS = "data-redis-0"
"""The claim of Redis' pod."""


def back_up(pods: Processes) -> dict[str, str]:
    """Run each CronJob once; return where its backup is, as its pod sees it."""
    made = {}
    for part in ("mysql", "mongodb", "redis"):
        pods.complete(f"backup-{part}")
        (folder,) = (pods.folder / "backups" / part).iterdir()
        made[part] = f"/backups/{part}/{folder.name}"
    return made


def lose(pods: Processes, databases: Databases, passwords: dict[str, str]) -> None:
    """Leave servers as new ones would be; Redis stands still."""
    address = {"host": "127.0.0.1", "port": databases.ports["mysql"], "user": "root"}
    with pymysql.connect(**address, password=passwords["mysql-root"]) as db:
        db.cursor().execute("DROP DATABASE gleanery")
        db.cursor().execute("CREATE DATABASE gleanery")
    url = f"mongodb://root@{databases.addresses['MONGODB_ADDRESS']}?authSource=admin"
    password = passwords["mongodb-root"]
    documents = connect(StoreOptions(mongodb_url=url, mongodb_password=password))
    documents.client.drop_database(documents.name)
    documents.client.close()
    shutil.rmtree(pods.folder / REDIS)
    (pods.folder / REDIS).mkdir()


def restore(pods: Processes, made: dict[str, str]) -> None:
    """Run the same pods with another command, Redis' with its volume, as docs/backup.md says."""
    pod = pods.pod("backup-redis")
    claim = {"name": "redis", "persistentVolumeClaim": {"claimName": REDIS}}
    pod.spec["volumes"].append(claim)
    pod.containers[0]["volumeMounts"].append({"name": "redis", "mountPath": "/redis"})
    for part, backup in made.items():
        more = ["--redis-folder", "/redis"] if part == "redis" else []
        words = ["gleanery", "restore", backup, "--only", part, "--replace", *more]
        done = pods.run(f"backup-{part}", words)
        assert done.returncode == 0, done.stderr

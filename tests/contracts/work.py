"""Both work queues under one face: what a test does to them from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.redis_address import open_redis
from storage.work import Rules, WorkQueue, open_queue
from storage.work.redis_queue import PREFIX


class RedisWork:
    """A queue in a real Redis."""

    def __init__(self, url: str) -> None:
        self.url = url

    def queue(self, **rules) -> WorkQueue:
        return open_queue(self.url, Path(), Rules(**rules))

    def silence(self, worker: str) -> None:
        """Make ``worker`` as one that has not been heard of for long."""
        with open_redis(self.url) as redis:
            redis.zadd(f"{PREFIX}workers", {worker: 1}, xx=True)

    def hasten(self) -> None:
        """Let every delay be over."""
        with open_redis(self.url) as redis:
            for identity, _ in redis.zscan_iter(f"{PREFIX}ready"):
                redis.zadd(f"{PREFIX}ready", {identity: 1})

    def empty(self) -> None:
        with open_redis(self.url) as redis:
            for key in list(redis.scan_iter(f"{PREFIX}*")):
                redis.delete(key)


class SqliteWork:
    """A queue in a file."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def queue(self, **rules) -> WorkQueue:
        return open_queue("", self.home, Rules(**rules))

    def _run(self, statement: str, *values) -> None:
        with closing(sqlite3.connect(self.home / "work.db", isolation_level=None)) as db:
            db.execute(statement, values)

    def silence(self, worker: str) -> None:
        self._run("UPDATE workers SET beat_at = 1 WHERE worker = ?", worker)

    def hasten(self) -> None:
        self._run("UPDATE jobs SET at = 1 WHERE state = 'queued'")

    def empty(self) -> None:
        for file in self.home.glob("work.db*"):
            file.unlink()

"""Both queues under one face: what a test does to them from outside."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from scrapy.settings import BaseSettings

from crawlers.frontier.control import FrontierControl
from crawlers.frontier.factory import connect
from crawlers.frontier.protocol import Answer, FrontierQueue, Push, Rules
from crawlers.frontier.queue import RedisQueue
from crawlers.frontier.redis_control import RedisControl
from crawlers.frontier.sqlite_control import SqliteControl
from crawlers.frontier.sqlite_queue import SqliteQueue
from storage.redis_address import open_redis


def push(number: int, depth: int = 0, host: str = "a", **more: Any) -> Push:
    """A request that only has a number."""
    return Push(
        fingerprint=hashlib.sha1(str(number).encode()).digest(),
        depth=depth,
        host=host,
        body=str(number).encode(),
        **more,
    )


def numbers(answer: Answer) -> list[int]:
    return [int(lease.body) for lease in answer.leases]


def ended(answer: Answer, outcome: str = "done") -> list[tuple[str, str]]:
    return [(lease.id, outcome) for lease in answer.leases]


class RedisCrawl:
    """A crawl in a real Redis."""

    def __init__(self, url: str, crawl: str) -> None:
        self.url, self.crawl = url, crawl
        self.prefix = f"gleanery:{{{crawl}}}:"
        self.redis = open_redis(url, decode_responses=True)

    def queue(self, worker: str = "w", **rules: Any) -> FrontierQueue:
        client = connect(BaseSettings({"REDIS_URL": self.url}))
        return RedisQueue(client, self.crawl, worker, Rules(**rules))

    def control(self) -> FrontierControl:
        return RedisControl(open_redis(self.url), self.crawl)

    def silence(self, worker: str) -> None:
        """Make ``worker`` as one that has not been heard of for long."""
        self.redis.zadd(f"{self.prefix}workers", {worker: 1})

    def meta(self, name: str) -> int:
        return int(self.redis.hget(f"{self.prefix}meta", name) or 0)

    def set_state(self, state: str) -> None:
        self.redis.hset(f"{self.prefix}meta", "state", state)

    def parked(self) -> list[tuple[str, str]]:
        """Body and history of each dead letter, the oldest first."""
        rows = sorted(self.redis.hgetall(f"{self.prefix}dead").items(), key=lambda r: int(r[0]))
        return [(e.split(";", 4)[4], e.split(";", 4)[2]) for _, e in rows]

    def pruned(self) -> list[str]:
        rows = self.redis.lrange(f"{self.prefix}pruned_queue", 0, -1)
        return sorted(row.split(";", 4)[4] for row in rows)

    def drop(self) -> None:
        self.redis.flushall()

    def close(self) -> None:
        self.redis.close()


class SqliteCrawl:
    """A crawl in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def queue(self, worker: str = "w", **rules: Any) -> FrontierQueue:
        return SqliteQueue(self.path, worker, Rules(**rules))

    def control(self) -> FrontierControl:
        return SqliteControl(self.path, "contract")

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            return db.execute(statement, values).fetchall()

    def silence(self, worker: str) -> None:
        self._run("UPDATE workers SET beat_at = 1 WHERE worker = ?", worker)

    def meta(self, name: str) -> int:
        rows = self._run("SELECT value FROM meta WHERE name = ?", name)
        return rows[0][0] if rows else 0

    def set_state(self, state: str) -> None:
        self._run("INSERT OR REPLACE INTO meta VALUES ('state', ?)", state)

    def parked(self) -> list[tuple[str, str]]:
        return self._run(
            "SELECT CAST(body AS TEXT), history FROM set_aside WHERE why = 'dead' ORDER BY id"
        )

    def pruned(self) -> list[str]:
        rows = self._run("SELECT CAST(body AS TEXT) FROM set_aside WHERE why = 'pruned'")
        return sorted(row[0] for row in rows)

    def drop(self) -> None:
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()

    def close(self) -> None:
        pass


Crawl = RedisCrawl | SqliteCrawl


@asynccontextmanager
async def workers(crawl, *names, budget=None, **rules):
    """Queues as so many workers see them."""
    queues = [crawl.queue(name, **rules) for name in names]
    for queue in queues:
        await queue.open(budget)
    try:
        yield queues if len(queues) > 1 else queues[0]
    finally:
        for queue in queues:
            await queue.close()

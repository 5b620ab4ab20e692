"""The frontier beside scrapy-redis and plain Scrapy, same run, interleaved, medians.

Needs ``redis-server``. ``--quick`` makes everything a tenth as large, to see that it runs.
"""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from statistics import median

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from scrapy import Request, Spider
from scrapy.exceptions import ScrapyDeprecationWarning
from scrapy.utils.test import get_crawler
from scrapy_redis.scheduler import Scheduler

from benchmarks.frontier_crawls import PAGES, crawls
from benchmarks.frontier_runs import OURS, ROUNDS, SCALE, SCRAPY_REDIS, helper, redis_server, start
from benchmarks.goals import Goal, show
from crawlers.frontier.protocol import Outbox, Push
from crawlers.frontier.queue import RedisQueue

RAW, SEEN, QUEUED = 50_000 // SCALE, 1_000_000 // SCALE, 100_000 // SCALE


def push(number: int) -> Push:
    """Return a request as a spider would make it."""
    body = json.dumps(
        {
            "v": 1,
            "url": f"https://example.com/category/article-{number}.html",
            "callback": "parse",
            "meta": {"depth": 1},
        }
    )
    fingerprint = (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big")
    return Push(fingerprint=fingerprint, depth=1, host="example.com", body=body.encode())


async def raw_ours(socket: str, total: int) -> float:
    """Requests a second through enqueue, lease and ack, in batches as the scheduler makes them."""
    queue = RedisQueue(AsyncRedis(unix_socket_path=socket), "bench", "w1")
    await queue.open()
    ended: list[tuple[str, str]] = []
    began, done, number = time.perf_counter(), 0, 0
    while done < total:
        pushes = [push(n) for n in range(number, min(number + 64, total))]
        number += len(pushes)
        answer = await queue.exchange(Outbox(ended=ended, pushes=pushes), want=64)
        done += len(ended)
        ended = [(lease.id, "done") for lease in answer.leases]
    rate = total / (time.perf_counter() - began)
    await queue.close()
    return rate


def raw_scrapy_redis(socket: str, total: int) -> float:
    """Requests a second through scrapy-redis's scheduler."""
    crawler = get_crawler(Spider, SCRAPY_REDIS | {"REDIS_URL": f"unix://{socket}"})
    crawler.spider = crawler._create_spider("bench")
    scheduler = Scheduler.from_crawler(crawler)
    scheduler.open(crawler.spider)
    began = time.perf_counter()
    for n in range(total):
        scheduler.enqueue_request(
            Request(f"https://example.com/category/article-{n}.html", meta={"depth": 1})
        )
    while scheduler.next_request():
        pass
    return total / (time.perf_counter() - began)


def cpu(redis: Redis) -> float:
    """Seconds of CPU that Redis has used."""
    info = redis.info("cpu")
    return float(info["used_cpu_user"] + info["used_cpu_sys"])


def raw(redis: Redis, socket: str) -> list[Goal]:
    """The bare cycle, and what it costs Redis."""
    ours, theirs, costs = [], [], []
    for _ in range(ROUNDS):
        redis.flushall()
        before = cpu(redis)
        ours.append(asyncio.run(raw_ours(socket, RAW)))
        costs.append((cpu(redis) - before) / RAW * 1e6)
        redis.flushall()
        theirs.append(raw_scrapy_redis(socket, RAW // 5))
    return [
        Goal("enqueue + lease + ack, ours: requests/s", median(ours)),
        Goal("enqueue + pop, scrapy-redis: requests/s", median(theirs)),
        Goal("raw cycle, ours / scrapy-redis", median(ours) / median(theirs), ">= 5"),
        Goal("Redis CPU a request, us", median(costs), "<= 25"),
    ]


async def fill(socket: str, total: int, *, drain: bool) -> None:
    """Push ``total`` requests; with ``drain``, end them too, so that only "seen" stays."""
    queue = RedisQueue(AsyncRedis(unix_socket_path=socket), "memory", "w1")
    await queue.open()
    for start_at in range(0, total, 500):
        pushes = [push(n) for n in range(start_at, min(start_at + 500, total))]
        answer = await queue.exchange(Outbox(pushes=pushes), want=500 if drain else 0)
        if drain:
            await queue.exchange(Outbox(ended=[(lease.id, "done") for lease in answer.leases]))
    await queue.close()


def memory(redis: Redis, socket: str) -> list[Goal]:
    """Bytes that Redis keeps."""
    redis.flushall()
    empty = redis.info("memory")["used_memory"]
    asyncio.run(fill(socket, QUEUED, drain=False))
    queued = redis.info("memory")["used_memory"] - empty
    redis.flushall()
    empty = redis.info("memory")["used_memory"]
    asyncio.run(fill(socket, SEEN, drain=True))
    seen = (redis.info("memory")["used_memory"] - empty) / SEEN
    return [
        Goal(f"bytes a seen URL, at {SEEN:,}", seen, "<= 12"),
        Goal("bytes a queued request", queued / QUEUED - seen, "<= 200"),
    ]


def workers(redis: Redis, socket: str) -> list[Goal]:
    """1, 2, 4, 8 workers on one crawl: for the record."""
    goals = []
    with helper("site", str(PAGES)) as port:
        for number in (1, 2, 4, 8):
            redis.flushall()
            settings = OURS | {"REDIS_URL": f"unix://{socket}"}
            running = [start(f"http://127.0.0.1:{port}/0", settings) for _ in range(number)]
            rows = [json.loads(p.communicate(timeout=900)[0].splitlines()[-1]) for p in running]
            shares = [row["pages"] for row in rows]
            assert sum(shares) == PAGES, shares
            goals += [
                Goal(
                    f"{number} workers: exchanges a page", sum(r["exchanges"] for r in rows) / PAGES
                ),
                Goal(
                    f"{number} workers: least / mean share of pages", min(shares) * number / PAGES
                ),
            ]
    return goals


def main() -> None:
    """Measure everything and print."""
    warnings.simplefilter("ignore", ScrapyDeprecationWarning)  # scrapy-redis's, many thousand
    with redis_server() as socket, Redis(unix_socket_path=socket) as redis:
        goals = raw(redis, socket) + memory(redis, socket)
        goals += crawls(redis, socket) + workers(redis, socket)
    show(goals)


if __name__ == "__main__":
    main()

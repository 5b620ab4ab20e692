"""The frontier beside scrapy-redis and plain Scrapy, same run, interleaved, medians.

Needs ``redis-server``. ``--quick`` makes everything a tenth as large, to see that it runs.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from scrapy import Request, Spider
from scrapy.exceptions import ScrapyDeprecationWarning
from scrapy.utils.test import get_crawler
from scrapy_redis.scheduler import Scheduler

from benchmarks.goals import Goal, show
from crawlers.frontier.protocol import Outbox, Push
from crawlers.frontier.queue import RedisQueue
from gleanery.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALE = 10 if "--quick" in sys.argv else 1
PAGES, FAR_PAGES, RAW, SEEN, QUEUED = (
    5000 // SCALE,
    600 // SCALE,
    50_000 // SCALE,
    1_000_000 // SCALE,
    100_000 // SCALE,
)
ROUNDS = 3
OURS = {
    k: v for k, v in Config().scrapy_settings().items() if k.startswith(("FRONTIER", "REDIS"))
} | {"SCHEDULER": "crawlers.frontier.scheduler.FrontierScheduler", "FRONTIER_CRAWL": "bench"}
SCRAPY_REDIS = {
    "SCHEDULER": "scrapy_redis.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
}
PLAIN: dict[str, Any] = {
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
}
ROOT = Path(__file__).parents[1]


@contextmanager
def helper(*args: str) -> Iterator[int]:
    """Run ``benchmarks.frontier_site`` and yield its port."""
    command = [sys.executable, "-m", "benchmarks.frontier_site", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.terminate()


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own and yield its socket."""
    program = shutil.which("redis-server") or sys.exit("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        command = [program, "--port", "0", "--unixsocket", socket, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while not Path(socket).exists():
                time.sleep(0.01)
            yield socket
            process.terminate()


def start(url: str, settings: dict[str, Any]) -> subprocess.Popen[str]:
    """Start one crawl."""
    command = [sys.executable, "-m", "benchmarks.frontier_crawler", url, json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def crawl(redis: Redis, url: str, settings: dict[str, Any], pages: int) -> dict[str, Any]:
    """Run one crawl on an empty Redis; return what it printed."""
    redis.flushall()
    out, _ = start(url, settings).communicate(timeout=900)
    row: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert row["pages"] == pages, row
    return row


def crawls(redis: Redis, socket: str) -> list[Goal]:
    """Whole crawls near and far."""
    here = f"unix://{socket}"
    with helper("site", str(PAGES)) as port:
        url = f"http://127.0.0.1:{port}/0"
        kinds = {
            "ours": OURS | {"REDIS_URL": here},
            "scrapy-redis": SCRAPY_REDIS | {"REDIS_URL": here},
            "plain": PLAIN,
        }
        near: dict[str, list[dict[str, Any]]] = {name: [] for name in kinds}
        for _ in range(ROUNDS):
            for name, settings in kinds.items():
                near[name].append(crawl(redis, url, settings, PAGES))
    rate = {name: median(row["rate"] for row in rows) for name, rows in near.items()}
    lag = {name: median(row["lag_p99_ms"] for row in rows) for name, rows in near.items()}
    far = far_crawls(redis, socket)
    return [
        *(Goal(f"{PAGES} pages, loopback, {name}: pages/s", value) for name, value in rate.items()),
        Goal("crawl, ours / scrapy-redis", rate["ours"] / rate["scrapy-redis"], ">= 1.8"),
        Goal("crawl, ours / in-memory Scrapy", rate["ours"] / rate["plain"], ">= 0.95"),
        *(Goal(f"Redis 2 ms away, {name}: pages/s", value) for name, value in far.items()),
        Goal("Redis 2 ms away, ours / scrapy-redis", far["ours"] / far["scrapy-redis"], ">= 12"),
        Goal("reactor lag added, p99 ms", lag["ours"] - lag["plain"], "<= 10"),
    ]


def far_crawls(redis: Redis, socket: str) -> dict[str, float]:
    """Pages a second with 2 ms added to each round trip; scrapy-redis gets fewer pages."""
    rates: dict[str, list[float]] = {"ours": [], "scrapy-redis": []}
    with helper("proxy", socket, "0.002") as port:
        far = f"redis://127.0.0.1:{port}"
        for _ in range(ROUNDS):
            for name, settings, pages in (
                ("ours", OURS, PAGES),
                ("scrapy-redis", SCRAPY_REDIS, FAR_PAGES),
            ):
                with helper("site", str(pages)) as site:
                    url = f"http://127.0.0.1:{site}/0"
                    row = crawl(redis, url, settings | {"REDIS_URL": far}, pages)
                rates[name].append(row["rate"])
    return {name: median(values) for name, values in rates.items()}


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

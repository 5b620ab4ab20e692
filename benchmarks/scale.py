"""N workers on one frontier: how throughput and fairness move, and what Redis has left.

``python -m benchmarks.scale [--json] [--quick]``: 1, 2, 4, 8 and 16 processes, each with the
frontier's own exchange over a real Redis and 16 downloads at once that only wait (a second
on average), so that one machine can hold them all. Each page gives 20 links, half of them known.
Half a minute of measuring, and the start of 31 processes; ``--quick`` a tenth of that. Needs
``redis-server``.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from statistics import mean, median, quantiles
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from benchmarks.frontier_runs import ROOT, redis_server
from benchmarks.goals import Goal, show
from benchmarks.scale_worker import CRAWL, HOSTS, push
from crawlers.frontier.protocol import Outbox
from crawlers.frontier.queue import RedisQueue

QUICK = "--quick" in sys.argv
NUMBERS = (1, 4) if QUICK else (1, 2, 4, 8, 16)
SECONDS = 2.0 if QUICK else 6.0
PAGE_SECONDS = 1.0
QUEUED = 10_000
"""Pages that wait at the beginning, so that no worker is short of any."""


async def fill(socket: str) -> None:
    """Queue the first pages."""
    queue = RedisQueue(AsyncRedis(unix_socket_path=socket), CRAWL, "filler")
    await queue.open()
    for first in range(0, QUEUED, 500):
        await queue.exchange(Outbox(pushes=[push(n, 1) for n in range(first, first + 500)]))
    await queue.leave()
    await queue.close()


def run(socket: str, number: int) -> list[dict[str, Any]]:
    """Let ``number`` workers begin at once; return what each tells."""
    command = [sys.executable, "-m", "benchmarks.scale_worker", socket]
    workers = [
        subprocess.Popen(
            [*command, str(n), str(SECONDS), str(PAGE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for n in range(number)
    ]
    try:
        for worker in workers:
            assert worker.stdout
            assert worker.stdout.readline() == "joined\n"
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()


def spent(redis: Redis) -> tuple[float, float]:
    """Return the seconds of CPU and the bytes in and out that Redis has used."""
    cpu, stats = redis.info("cpu"), redis.info("stats")
    seconds = float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
    return seconds, float(stats["total_net_input_bytes"] + stats["total_net_output_bytes"])


def measure(redis: Redis, socket: str, number: int) -> dict[str, float]:
    """Return the figures of ``number`` workers."""
    redis.flushall()
    asyncio.run(fill(socket))
    cpu, bytes_ = spent(redis)
    rows = run(socket, number)
    cpu, bytes_ = spent(redis)[0] - cpu, spent(redis)[1] - bytes_
    shares = [sum(row["hosts"].values()) for row in rows]
    pages = sum(shares)
    hosts = [sum(row["hosts"].get(f"host{n}.example", 0) for row in rows) for n in range(HOSTS)]
    times = [t for row in rows for t in row["times"]]
    return {
        "pages/s": pages / SECONDS,
        "least / mean share of pages": min(shares) / mean(shares),
        "fairness between hosts (Jain, 1 = all the same)": sum(hosts) ** 2
        / (len(hosts) * sum(h * h for h in hosts)),
        "exchanges a page": len(times) / pages,
        "exchange, median ms": median(times),
        "exchange, p99 ms": quantiles(times, n=100)[-1],
        "Redis CPU a page, us": cpu / pages * 1e6,
        "Redis, share of a core": cpu / SECONDS,
        "bytes to and from Redis a page": bytes_ / pages,
        "worker CPU a page, ms": sum(row["cpu"] for row in rows) / pages * 1000,
    }


def main() -> None:
    """Measure and print."""
    load = os.getloadavg()[0]
    with redis_server() as socket, Redis(unix_socket_path=socket) as redis:
        found = {number: measure(redis, socket, number) for number in NUMBERS}
    one, goals = found[1]["pages/s"], [Goal("load of the machine before, of others", load)]
    for number, figures in found.items():
        workers = f"{number} worker{'s' * (number > 1)}"
        goals += [Goal(f"{workers}: {name}", value) for name, value in figures.items()]
        goals.append(
            Goal(f"{workers}: pages/s / ({number} x one)", figures["pages/s"] / number / one)
        )
    show(goals)


if __name__ == "__main__":
    main()

"""How soon three workers begin a new seed, and how soon they all close when a crawl is complete.

Needs ``redis-server``. Machine-wide clocks: the workers run on this machine.
"""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from redis import Redis

from benchmarks.frontier_runs import OURS, helper, redis_server, start
from benchmarks.goals import Goal, show
from tests.conftest import wait_until
from tests.crawl import start_crawl
from tests.frontier_workers import FRONTIER_SCHEDULER
from tests.graph_site import GraphSite

WORKERS, ROUNDS, SEEDS = 3, 3, 20
PAGES = 1500
QUIET_SECONDS = 0.3
"""Between two seeds, so that every worker is idle again."""


def closing(redis: Redis, socket: str) -> float:
    """Return the seconds from the last page of a crawl until the last worker has closed."""
    redis.flushall()
    settings = OURS | {"REDIS_URL": f"unix://{socket}"}
    with helper("site", str(PAGES)) as port:
        running = [start(f"http://127.0.0.1:{port}/0", settings) for _ in range(WORKERS)]
        rows = [json.loads(p.communicate(timeout=300)[0].splitlines()[-1]) for p in running]
    assert sum(row["pages"] for row in rows) == PAGES, rows
    last = max(at for row in rows for times in row["hosts"].values() for at in times)
    return float(max(row["closed"] for row in rows) - last)


def seeds(redis: Redis, socket: str) -> list[float]:
    """Return, for each of some seeds, the seconds from its ``lpush`` until it was asked for."""
    redis.flushall()
    given = {
        "SPIDER_MODULES": "tests.spiders",
        "SCHEDULER": FRONTIER_SCHEDULER,
        "REDIS_URL": f"unix://{socket}",
        "FRONTIER_CRAWL": "graph",
        "FRONTIER_START_URLS": True,
        "FRONTIER_IDLE_SECONDS": 3600,
    }
    waits = []
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        site = stack.enter_context(GraphSite({}))
        homes = [Path(folder) / str(n) for n in range(WORKERS)]
        for home in homes:
            process = start_crawl("graph", home, settings=given)
            stack.callback(process.wait)
            stack.callback(process.kill)
        logs = [home / "crawl.log" for home in homes]
        wait_until(lambda: all("Waiting for" in log.read_text() for log in logs), seconds=60)
        for number in range(SEEDS):
            time.sleep(QUIET_SECONDS)
            redis.lpush("graph:start_urls", f"{site.url}/page/{number}")
            began = time.monotonic()
            wait_until(lambda n=number: len(site.times) > n, seconds=20)  # type: ignore[misc]
            waits.append(site.times[number] - began)
    return waits


def main() -> None:
    """Measure and print."""
    with redis_server() as socket, Redis(unix_socket_path=socket) as redis:
        closes = [closing(redis, socket) for _ in range(ROUNDS)]
        waits = seeds(redis, socket)
    show(
        [
            Goal("3 workers, last page until all have closed: s, median", median(closes), "<= 2"),
            Goal("3 workers, last page until all have closed: s, worst", max(closes)),
            Goal("a new seed until it is asked for: s, median", median(waits), "<= 0.5"),
            Goal(f"a new seed until it is asked for: s, worst of {SEEDS}", max(waits)),
        ]
    )


if __name__ == "__main__":
    main()

"""Several workers of one crawl in Redis, as so many ``scrapy crawl`` processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from tests.conftest import wait_until
from tests.crawl import start_crawl

CRAWL = "gleanery:{graph}:"
FRONTIER_SCHEDULER = "crawlers.frontier.scheduler.FrontierScheduler"


@contextmanager
def workers_at_once(
    redis_url: str,
    home: Path,
    number: int,
    *,
    page: str,
    max_depth: int = 9,
    **settings: Any,
) -> Iterator[list[subprocess.Popen[str]]]:
    """Start workers that all join before the first page leaves; all are killed at the end.

    Args:
        redis_url: An empty Redis.
        home: Each worker has a folder ``w<n>`` in it; they share the store ``store.db``.
        number: How many workers.
        page: Address of the first page.
        max_depth: As ``-a max_depth``.
        settings: More settings.
    """
    ours = {
        "SPIDER_MODULES": "tests.spiders",
        "SCHEDULER": FRONTIER_SCHEDULER,
        "REDIS_URL": redis_url,
        "FRONTIER_CRAWL": "graph",
        "STORE_PATH": str(home / "store.db"),
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    } | settings
    with Redis.from_url(redis_url) as client, ExitStack() as stack:
        client.hset(f"{CRAWL}meta", "state", "paused")
        running = []
        for n in range(number):
            process = start_crawl(
                "graph", home / f"w{n}", settings=ours, page=page, max_depth=max_depth
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            running.append(process)
        wait_until(lambda: client.zcard(f"{CRAWL}workers") == number, seconds=90)
        client.hset(f"{CRAWL}meta", "state", "running")
        yield running


def run_workers_at_once(*args: Any, **more: Any) -> list[int]:
    """Do :func:`workers_at_once` to the end; return the exit codes."""
    with workers_at_once(*args, **more) as running:
        return [process.wait(180) for process in running]

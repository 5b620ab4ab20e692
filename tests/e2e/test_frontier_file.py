"""The frontier in a file, through ``scrapy crawl``: no Redis anywhere."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import sqlite3
from contextlib import ExitStack
from itertools import count

import pytest

from crawlers.frontier.protocol import Outbox, Push
from crawlers.frontier.sqlite_queue import SqliteQueue
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.graph_site import GraphSite

PAGES = 364
TREE = {
    n: [c for c in (3 * n + 1, 3 * n + 2, 3 * n + 3, n * 7 % PAGES) if c < PAGES]
    for n in range(PAGES)
}
SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "FRONTIER_LEASE_SECONDS": 3,
}


def stored_pages(home):
    with sqlite3.connect(home / "gleanery.db") as db:
        return sorted(int(i.split(":")[1]) for (i,) in db.execute("SELECT identity FROM items"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_workers_lose_nothing_and_keep_the_order(tmp_path, workers):
    """Repeats are at most what a killed worker held; a level still ends before the next."""
    chance, kills, number = random.Random(workers), 2, count()
    with GraphSite(TREE, jitter=0.05) as site, ExitStack() as stack:

        def worker():
            arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
            home = tmp_path / f"worker{next(number)}"
            settings = SETTINGS | {
                "FRONTIER_CRAWL": "killed",  # a worker that comes late must not begin it anew
                "HOME": tmp_path,
                "STORE_PATH": tmp_path / "gleanery.db",
            }
            process = start_crawl("graph", home, settings=settings, **arguments)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        running = [worker() for _ in range(workers)]
        for kill in range(kills):
            goal = PAGES * (kill + 1) // (kills + 2) + chance.randrange(20)
            wait_until(lambda goal=goal: len(site.fetched) > goal, seconds=60)
            victim = running.pop(chance.randrange(len(running)))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            running.append(worker())
        assert [process.wait(180) for process in running] == [0] * workers

    assert stored_pages(tmp_path) == list(range(PAGES))
    assert len(site.fetched) <= PAGES + kills * 16
    level = levels()
    firsts = [level[page] for page in dict.fromkeys(site.fetched)]
    assert firsts == sorted(firsts)


def levels():
    level = {0: 0}
    for page in sorted(TREE):  # a parent's number is smaller on every shortest way
        for child in TREE[page]:
            level[child] = min(level.get(child, PAGES), level[page] + 1)
    return level


def test_a_crawl_stopped_by_sigterm_goes_on_and_a_finished_one_begins_anew(tmp_path):
    with GraphSite(TREE, jitter=0.05) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl("graph", tmp_path, settings=SETTINGS, **arguments) as process:
            wait_until(lambda: len(site.fetched) > 80, seconds=60)
            process.send_signal(signal.SIGTERM)
            process.wait(180)
        scrapy_crawl("graph", tmp_path, settings=SETTINGS, **arguments)
        resumed = list(site.fetched)
        again = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **arguments)

    assert sorted(resumed) == list(range(PAGES))
    assert again.stats["item_scraped_count"] == PAGES


def test_a_corrupt_request_is_parked_and_the_crawl_goes_on(tmp_path):
    async def spoil():
        queue = SqliteQueue(tmp_path / "frontier" / "spoilt.db", "vandal")
        await queue.open()
        body = Push(fingerprint=hashlib.sha1().digest(), depth=0, host="h", body=b"{corrupt")
        await queue.exchange(Outbox(pushes=[body]))
        await queue.leave()
        await queue.close()

    asyncio.run(spoil())
    with GraphSite({0: [1, 2]}) as site:
        settings = SETTINGS | {"FRONTIER_CRAWL": "spoilt"}
        result = scrapy_crawl(
            "graph", tmp_path, settings=settings, page=f"{site.url}/page/0", max_depth=2
        )

    assert result.identities("article") == {"graph:0", "graph:1", "graph:2"}
    assert result.stats["frontier/unreadable"] == 1
    with sqlite3.connect(tmp_path / "frontier" / "spoilt.db") as db:
        assert db.execute("SELECT why, body FROM set_aside").fetchall() == [("dead", b"{corrupt")]

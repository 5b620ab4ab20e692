"""The frontier in Redis, through ``scrapy crawl``, with workers that are killed."""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import deque
from contextlib import ExitStack

import pytest

from tests.conftest import wait_until
from tests.crawl import start_crawl
from tests.graph_site import GraphSite

SLOW = pytest.mark.slow
PAGES = 364
TREE = {
    n: [c for c in (3 * n + 1, 3 * n + 2, 3 * n + 3, n * 7 % PAGES) if c < PAGES]
    for n in range(PAGES)
}


@pytest.fixture
def worker(redis_url, tmp_path):
    """Start workers of one crawl: one Redis, one store; all are killed at the end."""
    with ExitStack() as stack:

        def start(site, number, *, jobs=32, **settings):
            process = start_crawl(
                "graph", tmp_path / f"worker{number}",
                settings={
                    "SPIDER_MODULES": "tests.spiders",
                    "REDIS_URL": redis_url,
                    "FRONTIER_CRAWL": "graph",  # a worker that comes late must not begin it anew
                    "STORE_PATH": str(tmp_path / "store.db"),
                    "CONCURRENT_REQUESTS": jobs,
                    "CONCURRENT_REQUESTS_PER_DOMAIN": jobs,
                    "FRONTIER_LEASE_SECONDS": 3,
                } | settings,
                page=f"{site.url}/page/0", max_depth=9,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def stored_pages(tmp_path):
    with sqlite3.connect(tmp_path / "store.db") as db:
        return sorted(int(i.split(":")[1]) for (i,) in db.execute("SELECT identity FROM items"))


@pytest.mark.parametrize(
    ("seed", "jobs", "kills"),
    [
        (0, 32, 3),
        *(pytest.param(seed, jobs, 6, marks=SLOW) for seed, jobs in ((1, 32), (2, 100), (3, 100))),
    ],
)
def test_workers_killed_at_random_lose_nothing(worker, tmp_path, seed, jobs, kills):
    """Each page is crawled and stored once; repeats are at most what the killed workers held."""
    chance = random.Random(seed)
    workers = 1 + seed % 3
    with GraphSite(TREE, jitter=0.05) as site:
        running = [worker(site, n, jobs=jobs) for n in range(workers)]
        for kill in range(kills):
            goal = PAGES * (kill + 1) // (kills + 2) + chance.randrange(20)
            wait_until(lambda goal=goal: len(site.fetched) > goal, seconds=60)
            victim = running.pop(chance.randrange(len(running)))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            running.append(worker(site, 10 + kill, jobs=jobs))
        for process in running:
            process.wait(180)

    assert stored_pages(tmp_path) == list(range(PAGES))
    assert len(site.fetched) <= PAGES + kills * jobs
    logs = [path.read_text("utf-8") for path in tmp_path.glob("worker*/crawl.log")]
    assert [log for log in logs if "Traceback" in log] == []


def test_sigterm_loses_nothing_and_repeats_nothing(worker, tmp_path):
    with GraphSite(TREE, jitter=0.05) as site:
        first, second = (worker(site, n, FRONTIER_LEASE_SECONDS=60) for n in (1, 2))
        wait_until(lambda: len(site.fetched) > 80, seconds=60)
        first.send_signal(signal.SIGTERM)
        assert first.wait(180) == 0
        assert second.wait(180) == 0

    assert sorted(site.fetched) == list(range(PAGES))
    assert stored_pages(tmp_path) == list(range(PAGES))


@pytest.mark.slow
def test_three_workers_keep_exact_breadth_first_order(worker, tmp_path):
    """The barrier holds over all workers, whatever the latency."""
    level, order = {0: 0}, deque([0])
    while order:
        page = order.popleft()
        order += [child for child in TREE[page] if child not in level]
        for child in TREE[page]:
            level.setdefault(child, level[page] + 1)
    with GraphSite(TREE, jitter=0.1) as site:
        running = [worker(site, n, FRONTIER_LEASE_SECONDS=60) for n in range(3)]
        for process in running:
            assert process.wait(180) == 0

    depths = [level[page] for page in site.fetched]
    assert depths == sorted(depths)
    assert sorted(site.fetched) == list(range(PAGES))

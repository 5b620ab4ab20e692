"""Crawls that nobody named, by the plain command: which goes on, which begins anew."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.graph_site import GraphSite

PAGES = 121
TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}
SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "FRONTIER_LEASE_SECONDS": 2,
    "LOG_LEVEL": "INFO",
}


def queues(home):
    folder = home / "frontier"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@contextmanager
def running(home, site, *, spider="graph", settings=SETTINGS, **arguments):
    given = {"page": f"{site.url}/page/0", "max_depth": 9} | arguments
    process = start_crawl(spider, home, settings=settings, **given)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def stopped_midway(home, site, how, *, pages=30, **more):
    """Run until ``pages`` were fetched, then send a signal."""
    with running(home, site, **more) as process:
        wait_until(lambda: len(site.fetched) > pages, seconds=60)
        process.send_signal(how)
        process.wait(180)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_the_same_command_goes_on_after_a_stop_and_leaves_no_file_at_its_end(tmp_path, how):
    with GraphSite(TREE, jitter=0.05) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        stopped_midway(tmp_path, site, how)
        left = queues(tmp_path)
        again = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **arguments)

    assert [name for name in left if name.endswith(".db")] == [left[0]]
    assert set(site.fetched) == set(range(PAGES))
    repeated = sum(Counter(site.fetched).values()) - PAGES
    assert repeated <= (16 if how == signal.SIGKILL else 0)
    assert f"Goes on with crawl {left[0].removesuffix('.db')} (" in again.log
    assert again.stats["frontier/resumed"] > 0
    assert again.report["reason"] == "finished"
    assert queues(tmp_path) == []


@pytest.mark.slow
def test_two_jobs_of_one_spider_share_nothing_and_an_ended_one_begins_anew(tmp_path):
    with GraphSite(TREE, jitter=0.02) as site:
        stopped_midway(tmp_path, site, signal.SIGTERM)
        so_far = len(site.fetched)
        first = {"page": f"{site.url}/page/13", "max_depth": 9}
        other = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **first)
        anew = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **first)

    assert so_far < PAGES
    assert len(queues(tmp_path)) == 1
    assert other.identities("article") == {f"graph:{n}" for n in (13, 40, 41, 42)}
    assert anew.identities("article") == other.identities("article")
    assert "begins" in anew.log


@pytest.mark.slow
def test_a_crawl_that_met_its_limit_begins_anew_unless_it_is_named(tmp_path):
    """A named one goes on, with another limit, too; once it has ended nothing is fetched again."""
    with GraphSite(TREE) as site:
        few = {"page": f"{site.url}/page/0", "max_depth": 9, "max_items": 5}
        named = SETTINGS | {"FRONTIER_CRAWL": "named"}
        runs = [
            scrapy_crawl("graph", tmp_path, settings=settings, **few)
            for settings in (SETTINGS, SETTINGS, named, named)
        ]
        done, nothing = (
            scrapy_crawl("graph", tmp_path, settings=named, **few | {"max_items": 0})
            for _ in range(2)
        )
    got = [result.identities("article") for result in runs]

    assert [len(identities) for identities in got] == [5] * 4
    assert "graph:0" in got[0] & got[1]
    assert "graph:0" in got[2]
    assert not got[2] & got[3]
    assert len(done.identities("article") | got[2] | got[3]) == PAGES
    assert "stays seen" in nothing.log
    assert nothing.items == []
    assert queues(tmp_path) == ["named.db"]


class GatedSite(GraphSite):
    """Holds its first page back until the gate opens."""

    def __init__(self, *args, **kwargs):
        self.gate = threading.Event()
        super().__init__(*args, **kwargs)

    def page(self, number):
        assert number or self.gate.wait(180)
        return super().page(number)


def has_joined(home):
    log = home / "crawl.log"
    return log.exists() and "crawl graph-" in log.read_text("utf-8").lower()


@pytest.mark.slow
def test_the_same_command_twice_at_once_is_one_crawl(tmp_path):
    """Two workers on one file: every page once, and the last one takes the file away."""
    settings = SETTINGS | {"HOME": tmp_path, "STORE_PATH": tmp_path / "gleanery.db"}
    settings |= {"FRONTIER_LEASE_SECONDS": 60}  # both live: none is late
    with (
        GatedSite(TREE, jitter=0.2) as site,
        running(tmp_path / "one", site, settings=settings) as one,
        running(tmp_path / "two", site, settings=settings) as two,
    ):
        wait_until(
            lambda: has_joined(tmp_path / "one") and has_joined(tmp_path / "two"), seconds=60
        )
        site.gate.set()
        codes = [one.wait(180), two.wait(180)]
    done = [
        (tmp_path / name / "out.jsonl").read_text("utf-8").count("\n") for name in ("one", "two")
    ]

    assert codes == [0, 0]
    assert sorted(site.fetched) == list(range(PAGES))
    assert sum(done) == PAGES
    assert min(done) > 0
    assert queues(tmp_path) == []


def test_a_start_that_never_ends_holds_no_page_up(tmp_path):
    """Levels are crawled while ``start()`` waits, and Ctrl-C ends it in good order."""
    with GraphSite(TREE) as site:
        stopped_midway(tmp_path, site, signal.SIGINT, pages=PAGES - 1, spider="endless")
        left = queues(tmp_path)
        log = (tmp_path / "crawl.log").read_text("utf-8")

    assert site.fetched[0] == 0
    assert sorted(site.fetched) == list(range(PAGES))
    assert "Spider closed (shutdown)" in log
    assert len(left) == 1  # a person stopped it: the next run goes on and waits for more


@pytest.mark.slow
def test_in_redis_an_unnamed_crawl_goes_on_and_is_forgotten_at_its_end(tmp_path, redis_url):
    settings = SETTINGS | {"REDIS_URL": redis_url}
    with GraphSite(TREE, jitter=0.05) as site, Redis.from_url(redis_url) as redis:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        stopped_midway(tmp_path, site, signal.SIGTERM, settings=settings)
        names = {key.split(b":")[1] for key in redis.scan_iter("gleanery:*")}
        resumed = scrapy_crawl("graph", tmp_path, settings=settings, **arguments)
        fetched = sorted(site.fetched)
        left = list(redis.scan_iter("*"))
        anew = scrapy_crawl("graph", tmp_path, settings=settings, **arguments)

    assert len(names) == 1
    assert names.pop().startswith(b"{graph-")
    assert "Goes on with crawl graph-" in resumed.log
    assert fetched == list(range(PAGES))
    assert left == []
    assert anew.stats["item_scraped_count"] == PAGES

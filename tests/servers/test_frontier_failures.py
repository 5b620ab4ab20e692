"""The frontier in Redis when things go wrong around it, through ``scrapy crawl``."""

from __future__ import annotations

import json
import time

import pytest
from redis import Redis

from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.graph_site import GraphSite
from tests.redis_servers import OwnRedis

PAGES = 121
PREFETCH = 32
TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}


def settings(url, **more):
    return {
        "SPIDER_MODULES": "tests.spiders",
        "FRONTIER_CRAWL": "graph",
        "REDIS_URL": url,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "FRONTIER_LEASE_SECONDS": 3,
    } | more


@pytest.fixture
def own_redis(tmp_path):
    server = OwnRedis(tmp_path)
    yield server
    server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_redis_killed_in_mid_crawl_only_makes_it_wait(own_redis, tmp_path, seconds):
    """With an append-only file nothing is lost, and nothing is fetched twice."""
    with GraphSite(TREE, jitter=0.1) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl(
            "graph", tmp_path / "w", settings=settings(own_redis.url), **arguments
        ) as crawl:
            wait_until(lambda: len(site.fetched) > 20, seconds=60)
            own_redis.kill()
            time.sleep(seconds)
            fetched_meanwhile = len(site.fetched)
            own_redis.start()
            assert crawl.wait(180) == 0

    assert fetched_meanwhile < PAGES
    assert sorted(site.fetched) == list(range(PAGES))
    log = (tmp_path / "w" / "crawl.log").read_text("utf-8")
    assert "The frontier is away, the crawl pauses" in log
    assert "The frontier is back" in log
    assert "Traceback" not in log


def test_redis_emptied_is_an_error_and_no_silent_end(redis_url, tmp_path):
    with GraphSite(TREE, jitter=0.1) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl(
            "graph", tmp_path / "w", settings=settings(redis_url), **arguments
        ) as crawl:
            wait_until(lambda: len(site.fetched) > 20, seconds=60)
            with Redis.from_url(redis_url) as client:
                client.flushall()
            assert crawl.wait(180) == 1

    log = (tmp_path / "w" / "crawl.log").read_text("utf-8")
    assert "this crawl is no longer in Redis" in log
    assert "frontier_gone" in log


@pytest.mark.slow
def test_a_full_redis_ends_what_is_finished_and_waits_with_the_rest(own_redis, tmp_path):
    """Nothing new leaves or comes; pages without links are acknowledged; all else is kept."""
    with GraphSite(TREE, jitter=0.3) as site, Redis.from_url(own_redis.url) as client:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl(
            "graph", tmp_path / "w", settings=settings(own_redis.url), **arguments
        ) as crawl:
            wait_until(lambda: len(site.fetched) > 60, seconds=60)  # the last level has no links
            client.config_set("maxmemory", "1")
            log = tmp_path / "w" / "crawl.log"
            wait_until(lambda: "has reached its maxmemory" in log.read_text("utf-8"), seconds=60)
            in_flight = "gleanery:{graph}:inflight"
            if client.info("server")["redis_version"] >= "7":
                wait_until(lambda: 0 < _total(client, in_flight) <= PREFETCH, seconds=60)
            rested = len(site.fetched)
            time.sleep(3.5)  # longer than a lease: the worker still beats
            assert (len(site.fetched), crawl.poll()) == (rested, None)
            client.config_set("maxmemory", "0")
            assert crawl.wait(180) == 0
        reclaimed = client.hget("gleanery:{graph}:meta", "reclaimed")

    assert rested < PAGES
    assert sorted(site.fetched) == list(range(PAGES))
    assert reclaimed is None


def _total(client, key):
    return sum(map(int, client.hvals(key)))


def test_only_what_was_stored_or_dropped_on_purpose_is_acknowledged(redis_url, tmp_path):
    """A callback or a pipeline that fails is tried again; what fails for good is parked."""
    pipelines = {"tests.spiders.flaky.FlakyPipeline": 790, "pipelines.store.StorePipeline": 800}
    with GraphSite(TREE) as site:
        result = scrapy_crawl(
            "flaky", tmp_path,
            settings=settings(
                redis_url, ITEM_PIPELINES=json.dumps(pipelines), FRONTIER_MAX_ATTEMPTS=3
            ),
            page=f"{site.url}/page/0", max_depth=2,
        )  # fmt: skip
        with Redis.from_url(redis_url) as client:
            dead = list(client.hgetall("gleanery:{graph}:dead").values())
    with result.store() as store:
        stored = {int(row["external_id"]) for row in store.scan()}

    fetched = {page: site.fetched.count(page) for page in (0, 1, 2, 3, 5, 6)}
    assert fetched == {0: 1, 1: 1, 2: 3, 3: 2, 5: 2, 6: 1}
    assert stored == {0, 1, 2, 3, 4, 5, 10, 11, 12}
    assert len(dead) == 1
    assert dead[0].count(b"@failed") == 3
    assert b"/page/2" in dead[0]


def test_every_way_a_request_can_end_is_acknowledged(redis_url, tmp_path):
    """Redirects, retries, errors of server and network, robots.txt: nothing stays in flight."""
    links = {0: [1, 2, 3, 4, 5, 6], 20: [21]}
    troubles = {1: "/page/20", 2: 500, 3: "broken", 4: 404, 5: "http://127.0.0.1:1/"}
    robots = "User-agent: *\nDisallow: /page/6\n"
    with GraphSite(links, troubles=troubles, robots=robots) as site:
        result = scrapy_crawl(
            "graph", tmp_path, settings=settings(redis_url), page=f"{site.url}/page/0", max_depth=3
        )
        with Redis.from_url(redis_url) as client:
            left = {
                name: client.exists(f"gleanery:{{graph}}:{name}")
                for name in ("queued", "levels", "inflight", "dead")
            }

    assert {row["external_id"] for row in result.items} == {"0", "20", "21"}
    fetched = [site.fetched.count(page) for page in (0, 1, 2, 4, 5, 6)]
    assert fetched == [1, 1, 2, 1, 1, 0]
    assert site.fetched.count(3) >= 2  # Twisted repeats a broken connection by itself, too
    assert left == {"queued": 0, "levels": 0, "inflight": 0, "dead": 0}
    assert result.report["reason"] == "finished"


def test_a_corrupt_body_is_parked_and_the_crawl_goes_on(redis_url, tmp_path):
    with GraphSite(TREE, jitter=0.05) as site, Redis.from_url(redis_url) as client:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl(
            "graph", tmp_path / "w", settings=settings(redis_url), **arguments
        ) as crawl:
            wait_until(lambda: len(site.fetched) > 5, seconds=60)
            for body in (b";;\x80\x04.", b";;{}", b';;{"v": 99, "url": "http://e.com"}'):
                client.rpush("gleanery:{graph}:queue:3:127.0.0.1", body)
                client.hincrby("gleanery:{graph}:queued", 3, 1)
                client.zadd("gleanery:{graph}:levels", {"3": 3})
                client.zadd("gleanery:{graph}:hosts:3", {"127.0.0.1": 0})
            assert crawl.wait(180) == 0
        dead = client.hlen("gleanery:{graph}:dead")

    assert sorted(site.fetched) == list(range(PAGES))
    assert dead == 3


@pytest.mark.slow
def test_focus_prunes_over_two_workers(redis_url, tmp_path):
    """Verdicts travel with the requests: whichever worker fetches a child knows its branch."""
    food = dict.fromkeys(range(PAGES), "food")
    barren = {
        2: "finance",
        **dict.fromkeys(range(7, 10), "finance"),
        **dict.fromkeys(range(22, 31), "finance"),
    }
    with GraphSite(TREE, categories=food | barren, jitter=0.05) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9, "category": "food"}
        ours = settings(redis_url, CONCURRENT_REQUESTS=4)
        with start_crawl("graph", tmp_path / "a", settings=ours, **arguments) as other:
            scrapy_crawl("graph", tmp_path / "b", settings=ours, **arguments)
            other.wait(180)
        with Redis.from_url(redis_url) as client:
            pruned = client.llen("gleanery:{graph}:pruned_queue")

    below = set(range(22, 31))
    assert sorted(site.fetched) == sorted(
        set(range(PAGES)) - below - {c for n in below for c in TREE.get(n, [])}
    )
    assert pruned == 9

"""Seeds that feeders write into Redis while a crawl runs."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from contextlib import contextmanager

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from crawlers.frontier.redis_control import RedisControl
from crawlers.frontier.seed_inbox import SeedInbox
from crawlers.frontier.start_urls import requests_of
from gleanery.errors import ConfigError
from spiders.google import GoogleSpider
from spiders.reddit import RedditSpider
from spiders.youtube import YoutubeSpider
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.graph_site import GraphSite

KEY = "graph:start_urls"
TREE = {n: [n * 10 + 1, n * 10 + 2] for n in range(1, 9)}


@pytest.fixture
def redis(redis_url):
    with Redis.from_url(redis_url) as client:
        yield client


def settings(redis_url, **more):
    return {
        "SPIDER_MODULES": "tests.spiders",
        "FRONTIER_CRAWL": "graph",
        "REDIS_URL": redis_url,
        "FRONTIER_START_URLS": True,
        "FRONTIER_IDLE_SECONDS": 2,
    } | more


@contextmanager
def waiting_crawl(spider, home, settings):
    """A crawl without seeds of its own, once it waits for others'."""
    process = start_crawl(spider, home, settings=settings)
    try:
        log = home / "crawl.log"
        wait_until(lambda: "Waiting for seeds in" in log.read_text("utf-8"), seconds=60)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_running_crawl_takes_seeds_of_every_form(redis, redis_url, tmp_path, record_property):
    """As ``redis-cli lpush`` writes them; what nobody can read is parked, once, and told."""
    other = {"platform": "reddit", "kind": "subreddit", "value": "news"}
    bad = [b"no address", b'{"value": 1}', b"\xff\xfe", json.dumps(other).encode()]
    with (
        GraphSite(TREE) as site,
        waiting_crawl("graph", tmp_path, settings(redis_url)) as crawl,
    ):
        redis.lpush(KEY, f"{site.url}/page/1")
        start = time.monotonic()
        wait_until(lambda: 1 in site.fetched, seconds=60)
        waited = time.monotonic() - start
        redis.lpush(KEY, json.dumps({"url": f"{site.url}/page/2", "meta": {"note": "mine"}}))
        seed = {"platform": "graph", "kind": "page", "value": f"{site.url}/page/3", "max_depth": 0}
        redis.lpush(KEY, json.dumps(seed), *bad)
        assert crawl.wait(180) == 0

    record_property("seconds_to_first_fetch", waited)
    assert sorted(site.fetched) == [1, 2, 3, 11, 12, 21, 22]
    assert sorted(redis.lrange(f"{KEY}:bad", 0, -1)) == sorted(bad)
    assert redis.zcard(f"{{{KEY}}}:taken") == 0
    log = (tmp_path / "crawl.log").read_text("utf-8")
    assert log.count("No seed, put into graph:start_urls:bad") == len(bad)
    assert "Traceback" not in log
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    first, second, third = (f"{site.url}/page/{n}" for n in (1, 2, 3))
    expected = {f"graph:url={first}", f"graph:url={second}", f"graph:page={third}"}
    assert {row["seed"] for row in rows} == expected


@pytest.mark.slow
def test_a_seed_that_was_fed_keeps_its_own_options_to_the_end(redis, redis_url, tmp_path):
    """Which links are followed is up to the seed, though the page that has them is another's."""
    given = settings(redis_url, SPIDER_MODULES="spiders")
    seed = {"platform": "google", "kind": "urls", "options": {"deny": "page/12"}}
    with GraphSite(TREE) as site, waiting_crawl("google", tmp_path, given) as crawl:
        redis.lpush("google:start_urls", json.dumps(seed | {"value": f"{site.url}/page/1"}))
        redis.lpush("google:start_urls", f"{site.url}/page/2")
        assert crawl.wait(180) == 0

    assert sorted(site.fetched) == [1, 2, 11, 21, 22]


@pytest.mark.slow
def test_seeds_of_a_worker_that_dies_at_once_are_not_lost(redis, redis_url, tmp_path):
    """Whatever it had taken goes to the next one: from Redis' frontier, or from those taken."""
    pages = list(range(100, 160))
    with GraphSite({}, jitter=0.3) as site:
        with waiting_crawl("graph", tmp_path / "first", settings(redis_url)) as crawl:
            redis.rpush(KEY, *(f"{site.url}/page/{n}" for n in pages))
            wait_until(lambda: redis.llen(KEY) < len(pages), seconds=60)
            crawl.send_signal(signal.SIGKILL)
            crawl.wait()
        left = redis.zrange(f"{{{KEY}}}:taken", 0, -1)
        for member in left:  # as if the patience of 30 s were over
            redis.zadd(f"{{{KEY}}}:taken", {member: 1})
        result = scrapy_crawl(
            "graph", tmp_path / "second",
            settings=settings(redis_url, FRONTIER_LEASE_SECONDS=2, FRONTIER_IDLE_SECONDS=3),
        )  # fmt: skip

    assert result.returncode == 0
    assert set(site.fetched) == set(pages)
    assert redis.zcard(f"{{{KEY}}}:taken") == 0


@pytest.mark.parametrize("kind", ["set", "zset"])
async def test_sets_and_sorted_sets_are_taken_from_too(redis_url, redis, kind):
    """A sorted set gives the highest score first; what is taken stays until acknowledged."""
    inbox = SeedInbox(AsyncRedis.from_url(redis_url), KEY, patience_seconds=3600)
    impatient = SeedInbox(inbox.redis, KEY, patience_seconds=0)
    if kind == "set":
        redis.sadd(KEY, "a", "b", "c")
    else:
        redis.zadd(KEY, {"c": 1, "a": 3, "b": 2})

    first = await inbox.take(2)
    rest = await inbox.take(9)
    again = await impatient.take(9)
    await inbox.acknowledge([*first, *rest])

    texts = [seed.text for seed in first + rest]
    assert (texts if kind == "zset" else sorted(texts)) == [b"a", b"b", b"c"]
    assert sorted(seed.text for seed in again) == [b"a", b"b", b"c"]
    assert redis.dbsize() == 0
    await inbox.close()


@pytest.mark.parametrize(
    ("spider", "address", "kind"),
    [
        (YoutubeSpider, "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "video"),
        (YoutubeSpider, "https://www.youtube.com/@handle", "channel"),
        (GoogleSpider, "https://example.org/news/1", "urls"),
        (YoutubeSpider, "https://example.org/", None),
        (RedditSpider, "https://www.reddit.com/r/a/comments/3hahrw/t/ctxyz/", "comment"),
        (RedditSpider, "https://www.reddit.com/r/korea/comments/3hahrw/title/", "post"),
        (RedditSpider, "https://www.reddit.com/r/korea/", "subreddit"),
        (RedditSpider, "https://old.reddit.com/r/korea+seoul", "subreddit"),
        (RedditSpider, "https://www.reddit.com/user/spez/", "user"),
        (RedditSpider, "https://www.reddit.com/user/spez/m/cooking", "multireddit"),
        (RedditSpider, "https://www.reddit.com/", None),
        (RedditSpider, "https://example.org/r/korea/", None),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_a_platforms_own_addresses_become_its_seeds(spider, address, kind):
    seed = spider.seed_of(address)

    assert (seed and (seed.kind, seed.value)) == (kind and (kind, address))


def test_an_address_that_gives_no_seed_is_answered_with_what_would():
    with pytest.raises(ConfigError, match=r"takes addresses of comment, post.*subreddit, front"):
        asyncio.run(requests_of(b"https://www.reddit.com/", RedditSpider()))


def test_a_seed_from_outside_never_names_a_file():
    seed = {"platform": "google", "kind": "urls", "value": "/etc/hosts"}

    with pytest.raises(ConfigError, match="not a file"):
        asyncio.run(requests_of(json.dumps(seed).encode(), GoogleSpider))


def test_a_spider_of_scrapy_redis_is_fed_as_ever(redis, redis_url, tmp_path):
    """Its own ``make_request_from_data`` reads what its feeder writes, under its own key."""
    given = settings(redis_url, SPIDER_MODULES="tests.servers.feeder_spider")
    with GraphSite(TREE) as site, waiting_crawl("feeder", tmp_path, given) as crawl:
        rows = [{"url": f"{site.url}/page/{n}", "meta": {"n": n}} for n in (1, 2)]
        redis.lpush("feeder:start_urls", *map(json.dumps, rows), '{"no": "address"}')
        assert crawl.wait(180) == 0

    assert sorted(site.fetched) == [1, 2]
    assert redis.lrange("feeder:start_urls:bad", 0, -1) == [b'{"no": "address"}']


@pytest.mark.slow
def test_a_page_pruned_by_its_address_takes_its_branch_along(redis, redis_url, tmp_path):
    """The node that the command works out is the one that the crawl writes into paths."""
    tree = {1: [2, 3], 2: [21, 22], 3: [31, 32]}
    with GraphSite(tree) as site:
        with waiting_crawl("graph", tmp_path, settings(redis_url)) as crawl:
            wait_until(lambda: redis.hexists("gleanery:{graph}:meta", "generation"), seconds=60)
            control = RedisControl(redis, "graph")
            control.prune(f"{site.url}/page/2")
            redis.lpush(KEY, f"{site.url}/page/1")
            assert crawl.wait(180) == 0
        report = control.stats()
        before = sorted(site.fetched)
        restored = control.restore(f"{site.url}/page/2")
        assert scrapy_crawl("graph", tmp_path, settings=settings(redis_url)).returncode == 0

    assert before == [1, 2, 3, 31, 32]
    assert (report.done, report.pruned, restored) == (5, 2, 2)
    assert sorted(site.fetched) == [1, 2, 3, 21, 22, 31, 32]


@pytest.mark.parametrize("missing", ["SCHEDULER", "REDIS_URL"])
def test_what_is_missing_for_start_urls_is_told_in_one_line(tmp_path, missing):
    given = settings("redis://127.0.0.1:1")
    given[missing] = {"SCHEDULER": "scrapy.core.scheduler.Scheduler", "REDIS_URL": ""}[missing]

    result = scrapy_crawl("graph", tmp_path, settings=given)

    assert result.returncode == 2
    assert "FRONTIER_START_URLS needs" in result.log
    assert missing in result.log.split("FRONTIER_START_URLS needs", 1)[1]
    assert "Traceback" not in result.log


@pytest.mark.slow
def test_two_workers_share_the_seeds_and_end_together(redis, redis_url, tmp_path):
    pages = list(range(100, 140))
    with GraphSite({n: [n + 100] for n in pages}, jitter=0.1) as site:
        given = settings(redis_url)
        with (
            waiting_crawl("graph", tmp_path / "a", given) as first,
            waiting_crawl("graph", tmp_path / "b", given) as second,
        ):
            redis.rpush(KEY, *(f"{site.url}/page/{n}" for n in pages))
            assert (first.wait(180), second.wait(180)) == (0, 0)

    assert sorted(site.fetched) == sorted(pages + [n + 100 for n in pages])
    assert redis.zcard(f"{{{KEY}}}:taken") == 0

"""Looking at frontiers with the command, in Redis and in files, while a crawl runs."""

from __future__ import annotations

import json

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry
from typer.testing import CliRunner

from commands.app import app
from crawlers.frontier.protocol import Outbox, Rules
from crawlers.frontier.queue import RedisQueue
from crawlers.frontier.redis_control import RedisControl, crawls
from crawlers.frontier.sqlite_control import SqliteControl
from crawlers.frontier.sqlite_queue import SqliteQueue
from gleanery.errors import ConfigError, FrontierGoneError, FrontierUnavailableError
from tests.cli import gleanery
from tests.conftest import wait_until
from tests.contracts.test_frontier_control import page
from tests.crawl import start_crawl
from tests.graph_site import GraphSite


@pytest.fixture
def redis(redis_url):
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def queue(redis_url):
    """The crawl "trial" in Redis, as a worker sees it."""
    queue = RedisQueue(AsyncRedis.from_url(redis_url), "trial", "a", Rules(max_attempts=2))
    await queue.open()
    yield queue
    await queue.close()


@pytest.fixture
def control(redis):
    return RedisControl(redis, "trial")


async def test_a_report_costs_the_same_whatever_is_queued(queue, control, redis):
    """No command walks through a queue: their number depends on hosts, workers and levels only."""
    await queue.exchange(Outbox(pushes=[page(n) for n in range(10)]))
    costs = []
    control.stats()  # loads the script
    for more in (0, 5000):
        await queue.exchange(Outbox(pushes=[page(n) for n in range(10, 10 + more)]))
        start = redis.info("stats")["total_commands_processed"]
        control.stats()
        costs.append(redis.info("stats")["total_commands_processed"] - start)

    assert costs[0] == costs[1] < 60


async def test_a_dropped_crawl_leaves_no_key_and_its_workers_hear_of_it(queue, redis, control):
    """Names that look like patterns delete nothing of others."""
    await queue.exchange(Outbox(pushes=[page(n) for n in range(2000)]), want=5)
    greedy = RedisQueue(queue.redis, "tri*", "b")
    await greedy.open()
    await greedy.exchange(Outbox(pushes=[page(0)]))

    assert [row.crawl for row in crawls(redis)] == ["tri*", "trial"]
    assert [row.crawl for row in crawls(redis, most=1)] == ["tri*"]
    assert [row.crawl for row in crawls(redis, after="tri*", most=1)] == ["trial"]
    RedisControl(redis, "tri*").drop()
    assert [row.crawl for row in crawls(redis)] == ["trial"]
    assert control.stats().queued == 1995
    control.drop()
    assert redis.dbsize() == 0
    with pytest.raises(FrontierGoneError):
        await queue.exchange()
    assert redis.dbsize() == 0


def test_redis_that_is_away_is_told_from_a_crawl_that_is_gone():
    away = RedisControl(Redis(port=1, retry=Retry(NoBackoff(), 0)), "trial")

    for ask in (away.stats, away.dead, away.resume, away.drop, lambda: crawls(away.redis)):
        with pytest.raises(FrontierUnavailableError, match="연결할 수 없습니다"):
            ask()


@pytest.fixture(params=["redis", "file"])
async def frontier(request, tmp_path, monkeypatch):
    """The command, where a crawl "trial" has a dead letter and two queued pages."""
    monkeypatch.setenv("GLEANERY_HOME", str(tmp_path))
    if request.param == "redis":
        address = request.getfixturevalue("redis_url")
        queue = RedisQueue(AsyncRedis.from_url(address), "trial", "a")
        monkeypatch.setenv("GLEANERY_REDIS_URL", address)
    else:
        queue = SqliteQueue(tmp_path / "frontier" / "trial.db", "a")
        monkeypatch.delenv("GLEANERY_REDIS_URL", raising=False)
    await queue.open()
    found = await queue.exchange(Outbox(pushes=[page(n) for n in range(3)]), want=1)
    await queue.exchange(Outbox(ended=[(found.leases[0].id, "dead")]))

    def frontier(*arguments):
        done = CliRunner().invoke(app, ["frontier", *arguments])
        return done.stdout if done.exit_code == 0 else done.exception

    yield frontier
    await queue.close()


def test_the_command_shows_and_steers_a_crawl(frontier):
    assert [row["crawl"] for row in json.loads(frontier("list", "--json"))] == ["trial"]
    report = json.loads(frontier("stats", "trial", "--json"))
    assert (report["queued"], report["dead"], report["rates"]) == (2, 1, None)
    assert "site" in frontier("stats", "trial")
    (letter,) = json.loads(frontier("dead", "trial", "--json"))
    assert letter["url"] == "http://site/0"
    assert isinstance(frontier("requeue", "trial"), ConfigError)
    assert json.loads(frontier("requeue", "trial", letter["id"], "--json")) == {"requeued": 1}
    assert json.loads(frontier("prune", "trial", "http://site/0", "--json")) == {"new": True}
    assert json.loads(frontier("restore", "trial", "http://site/0", "--json")) == {"restored": 0}
    assert json.loads(frontier("pause", "trial", "--json")) == {"state": "paused"}
    assert "paused" in frontier("list")
    assert json.loads(frontier("resume", "trial", "--json")) == {"state": "running"}
    assert "--yes" in str(frontier("drop", "trial"))
    assert "지웠습니다" in frontier("drop", "trial", "--yes")
    gone = frontier("stats", "trial")
    assert isinstance(gone, ConfigError)
    assert "'trial'" in str(gone)
    assert "수집이 없습니다" in frontier("list")


def test_the_command_says_in_one_line_what_is_wrong(tmp_path):
    """Redis away is 1, a wrong call 2; an address that is empty is none."""
    away = gleanery(tmp_path, "frontier", "list", "--redis", "redis://127.0.0.1:1")
    odd = gleanery(tmp_path, "frontier", "list", "--redis", "somewhere")
    unknown = gleanery(tmp_path, "frontier", "pause", "nothing", GLEANERY_REDIS_URL="")
    (tmp_path / "poem.db").write_text("no database" * 100)
    poem = gleanery(tmp_path, "frontier", "stats", str(tmp_path / "poem.db"))

    assert (away.returncode, "연결할 수 없습니다" in away.error) == (1, True)
    assert (odd.returncode, "--redis" in odd.error) == (2, True)
    assert (unknown.returncode, "수집이 없습니다" in unknown.error) == (2, True)
    assert (poem.returncode, "not a database" in poem.error) == (1, True)
    assert not (tmp_path / "frontier").exists()


def test_a_running_crawl_in_a_file_is_paused_pruned_and_resumed_from_outside(tmp_path):
    """What is said in one process takes effect in the other; a JOBDIR names its crawl."""
    tree = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}
    below = {n for n in range(121) if 2 in _line(n)} - {2}
    job = tmp_path / "job"
    settings = {
        "SPIDER_MODULES": "tests.spiders",
        "SCHEDULER": "crawlers.frontier.scheduler.FrontierScheduler",
        "JOBDIR": str(job),
    }
    control = SqliteControl(job / "frontier.db", "job")
    with GraphSite(tree, jitter=0.2) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl("graph", tmp_path / "w", settings=settings, **arguments) as crawl:
            wait_until(lambda: site.fetched, seconds=60)
            control.prune(f"{site.url}/page/2")
            control.pause()
            wait_until(lambda: control.stats().in_flight == 0, seconds=60)
            rested = list(site.fetched)
            shown = gleanery(tmp_path, "frontier", "stats", str(job), "--json").json
            assert (shown["state"], shown["in_flight"], crawl.poll()) == ("paused", 0, None)
            assert site.fetched == rested
            control.resume()
            assert crawl.wait(180) == 0

    assert len(rested) < 40
    assert sorted(site.fetched) == sorted(set(range(121)) - below)
    assert control.stats().pruned == 3


def _line(number):
    """The page and those that led to it."""
    return {number} if number == 0 else {number} | _line((number - 1) // 3)

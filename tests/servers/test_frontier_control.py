"""Looking at a frontier in Redis and steering it, while workers hold it."""

from __future__ import annotations

import json

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry
from typer.testing import CliRunner

from commands.app import app
from crawlers.frontier.control import FrontierControl, crawls, node_of
from crawlers.frontier.protocol import HostRule, Push
from crawlers.frontier.queue import RedisQueue
from crawlers.frontier.report import HostQueue, rates
from gleanery.errors import ConfigError, FrontierGoneError, FrontierUnavailableError
from tests.cli import gleanery


@pytest.fixture
def redis(redis_url):
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def join(redis_url):
    """Let workers join the crawl "trial"; each failure parks a request at its second attempt."""
    client = AsyncRedis.from_url(redis_url)

    async def worker(name="a", **rules):
        queue = RedisQueue(client, "trial", name, max_attempts=2, **rules)
        await queue.open()
        return queue

    yield worker
    await client.aclose()


@pytest.fixture
def control(redis):
    return FrontierControl(redis, "trial")


def page(number, *, depth=0, host="site", path=()):
    body = json.dumps({"v": 1, "url": f"http://{host}/{number}"}).encode()
    fingerprint = (2 * number + 2).to_bytes(8, "big") + bytes(12)
    return Push(fingerprint=fingerprint, depth=depth, host=host, body=body, path=path)


def numbers(answer):
    return [int(json.loads(lease.body)["url"].rsplit("/", 1)[1]) for lease in answer.leases]


async def fail_for_good(queue, leases):
    """Fail each lease as often as it takes to be parked."""
    await queue.exchange(ended=[(lease.id, "fail") for lease in leases])
    again = await queue.exchange(want=len(leases))
    await queue.exchange(ended=[(lease.id, "fail") for lease in again.leases])


async def test_the_report_counts_what_workers_did(join, control):
    """Two levels, two hosts, one request under way, two done, one dead."""
    first, second = await join("a"), await join("b")
    found = await first.exchange(pushes=[page(n) for n in range(4)], want=3)
    before = control.stats()
    await first.exchange(
        ended=[(lease.id, "done") for lease in found.leases[:2]],
        pushes=[page(n, depth=1, host="other") for n in range(10, 15)],
        hosts=[HostRule(host="other", delay_ms=2000, not_before_ms=60_000)],
        items=7, size=900,
    )  # fmt: skip
    await fail_for_good(first, found.leases[2:])
    held = await second.exchange(want=1)

    report = control.stats()

    assert numbers(held) == [3]
    assert (report.queued, report.in_flight, report.done, report.dead) == (5, 1, 2, 1)
    assert report.pushed == 9
    assert [(d.depth, d.queued, d.in_flight, d.done, d.dead) for d in report.depths] == [
        (0, 0, 1, 2, 1), (1, 5, 0, 0, 0),
    ]  # fmt: skip
    assert report.counters == {
        "seen": 9, "repeated": 0, "reclaimed": 0, "late": 0, "items": 7, "bytes": 900,
    }  # fmt: skip
    (host,) = report.hosts
    assert 50_000 < host.free_in_ms <= 60_000
    assert host == HostQueue(
        depth=1, host="other", queued=5, delay_ms=2000, free_in_ms=host.free_in_ms
    )
    assert sorted((w.name, w.leases) for w in report.workers) == [("a", 0), ("b", 1)]
    assert max(w.silent_ms for w in report.workers) < 5000
    assert report.oldest_lease is not None
    assert (report.oldest_lease.worker, report.oldest_lease.url) == ("b", "http://site/3")
    pace = rates(before, report)
    assert pace.pages_per_second == pytest.approx(2 / pace.seconds)


async def test_a_report_costs_the_same_whatever_is_queued(join, control, redis):
    """No command walks through a queue: their number depends on hosts, workers and levels only."""
    queue = await join()
    await queue.exchange(pushes=[page(n) for n in range(10)])
    costs = []
    for more in (0, 5000):
        await queue.exchange(pushes=[page(n) for n in range(10, 10 + more)])
        start = redis.info("stats")["total_commands_processed"]
        control.stats()
        costs.append(redis.info("stats")["total_commands_processed"] - start)

    assert costs[0] == costs[1] < 40


async def test_dead_letters_tell_when_where_and_why_and_are_tried_anew(join, control):
    """Re-queued, they stand before the rest of their depth, in their old order, without history."""
    queue = await join()
    found = await queue.exchange(pushes=[page(n) for n in range(5)], want=3)
    await queue.exchange(ended=[(found.leases[0].id, "dead"), (found.leases[1].id, "done")])
    await fail_for_good(queue, found.leases[2:])

    unreadable, failed = control.dead()
    assert [a.reason for a in unreadable.history] == ["unreadable"]
    assert [a.reason for a in failed.history] == ["failed", "failed"]
    assert (failed.url, failed.depth, failed.host) == ("http://site/2", 0, "site")
    assert {a.worker for a in failed.history} == {"a"}
    assert failed.history[0].at <= failed.history[1].at

    assert control.requeue(["999", failed.id]) == 1
    assert control.requeue("all") == 1
    assert control.dead() == []
    answer = await queue.exchange(want=9)
    assert numbers(answer) == [0, 2, 3, 4]
    assert [lease.attempts for lease in answer.leases] == [0, 0, 0, 0]


async def test_all_dead_letters_keep_their_order_over_many_batches(join, control):
    queue = await join()
    found = await queue.exchange(pushes=[page(n) for n in range(1200)], want=1200)
    await queue.exchange(ended=[(lease.id, "dead") for lease in found.leases])

    parked = [int(letter.url.rsplit("/", 1)[1]) for letter in control.dead(limit=1200)]
    assert sorted(parked) == list(range(1200))
    assert len(control.dead(limit=50)) == 50
    assert control.requeue("all") == 1200
    assert numbers(await queue.exchange(want=1200)) == parked


async def test_a_pruned_branch_comes_back_in_its_old_place(join, control):
    """What lies below another pruned node stays where it is, and nothing is lost."""
    queue = await join()
    paths = [("s", "left"), ("s", "right"), ("s", "left", "deep")]
    await queue.exchange(pushes=[page(n, depth=2, path=paths[n % 3]) for n in range(1500)])

    assert control.prune("left")
    assert control.prune("deep")
    assert not control.prune("left")
    assert sorted(control.pruned()) == ["deep", "left"]
    right = await queue.exchange(want=2)
    assert numbers(right) == [1, 4]
    aside = control.stats().pruned
    assert aside == sum(d.pruned for d in control.stats().depths) > 0

    assert control.restore("left") == 2
    report = control.stats()
    assert report.queued + report.pruned == 1498
    answer = await queue.exchange(want=1500)
    assert numbers(answer) == [n for n in range(1500) if n % 3 != 2 and n not in (1, 4)]
    assert control.stats().pruned == 500
    assert control.restore("deep") == 500
    assert control.stats().pruned == 0
    rest = await queue.exchange(want=1500)
    assert numbers(rest) == list(range(2, 1500, 3))
    assert control.stats().pushed == 1500


async def test_a_paused_crawl_leases_nothing_until_it_is_resumed(join, control):
    queue = await join()
    await queue.exchange(pushes=[page(0)])

    control.pause()
    paused = await queue.exchange(want=1)
    control.resume()
    resumed = await queue.exchange(want=1)

    assert (paused.state, numbers(paused)) == ("paused", [])
    assert (resumed.state, numbers(resumed)) == ("running", [0])


async def test_a_dropped_crawl_leaves_no_key_and_its_workers_hear_of_it(join, redis, control):
    """Names that look like patterns delete nothing of others."""
    queue = await join()
    await queue.exchange(pushes=[page(n) for n in range(2000)], want=5)
    greedy = RedisQueue(queue.redis, "tri*", "b")
    await greedy.open()
    await greedy.exchange(pushes=[page(0)])

    FrontierControl(redis, "tri*").drop()
    assert [row.crawl for row in crawls(redis)] == ["trial"]
    assert control.stats().queued == 1995
    assert control.drop() > 10
    assert redis.dbsize() == 0
    with pytest.raises(FrontierGoneError):
        await queue.exchange()
    for ask in (control.stats, control.dead, control.pause, control.drop, control.pruned):
        with pytest.raises(FrontierGoneError, match="trial"):
            ask()
    assert redis.dbsize() == 0


def test_redis_that_is_away_is_told_from_a_crawl_that_is_gone():
    away = FrontierControl(Redis(port=1, retry=Retry(NoBackoff(), 0)), "trial")

    for ask in (away.stats, away.dead, away.resume, away.drop, lambda: crawls(away.redis)):
        with pytest.raises(FrontierUnavailableError, match="연결할 수 없습니다"):
            ask()


def test_an_address_names_the_node_of_its_request():
    assert node_of("http://site/1") == node_of("http://site/1#part") != node_of("http://site/2")
    assert node_of("ab12") == "ab12"


async def test_the_command_shows_and_steers_a_crawl(join, redis_url):
    def frontier(command, *arguments):
        done = CliRunner().invoke(app, ["frontier", command, *arguments, "--redis", redis_url])
        return done.stdout if done.exit_code == 0 else done.exception

    queue = await join()
    found = await queue.exchange(pushes=[page(n) for n in range(3)], want=1)
    await queue.exchange(ended=[(found.leases[0].id, "dead")])

    assert [row["crawl"] for row in json.loads(frontier("list", "--json"))] == ["trial"]
    report = json.loads(frontier("stats", "trial", "--json"))
    assert (report["queued"], report["dead"], report["rates"]) == (2, 1, None)
    assert "site" in frontier("stats", "trial")
    (letter,) = json.loads(frontier("dead", "trial", "--json"))
    assert letter["url"] == "http://site/0"
    assert "unreadable" in frontier("dead", "trial")
    assert isinstance(frontier("requeue", "trial"), ConfigError)
    assert json.loads(frontier("requeue", "trial", letter["id"], "--json")) == {"requeued": 1}
    assert json.loads(frontier("prune", "trial", "http://site/0", "--json")) == {"new": True}
    assert json.loads(frontier("restore", "trial", "http://site/0", "--json")) == {"restored": 0}
    assert json.loads(frontier("pause", "trial", "--json")) == {"state": "paused"}
    assert "trial" in frontier("list")
    assert "--yes" in str(frontier("drop", "trial"))
    assert "키" in frontier("drop", "trial", "--yes")
    assert "'trial'" in str(frontier("stats", "trial"))


def test_the_command_says_in_one_line_what_is_wrong(tmp_path):
    """Redis away is 1, a wrong call 2."""
    away = gleanery(tmp_path, "frontier", "list", "--redis", "redis://127.0.0.1:1")
    odd = gleanery(tmp_path, "frontier", "list", "--redis", "somewhere")

    assert away.returncode == 1
    assert "연결할 수 없습니다" in away.error
    assert odd.returncode == 2
    assert "--redis" in odd.error

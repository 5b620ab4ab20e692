"""Looking at a frontier and steering it, while workers hold it: what every control promises."""

from __future__ import annotations

import json

import pytest

from crawlers.frontier.control import node_of
from crawlers.frontier.protocol import HostRule, Outbox, Push
from crawlers.frontier.report import HostCounts, rates
from gleanery.errors import ConfigError, FrontierGoneError


@pytest.fixture
async def join(crawl):
    """Let workers join; each failure parks a request at its second attempt."""
    queues = []

    async def worker(name="a", **rules):
        queue = crawl.queue(name, **{"max_attempts": 2} | rules)
        queues.append(queue)
        await queue.open()
        return queue

    yield worker
    for queue in queues:
        await queue.close()


@pytest.fixture
def control(crawl):
    return crawl.control()


def page(number, *, depth=0, host="site", path=()):
    body = json.dumps({"v": 1, "url": f"http://{host}/{number}"}).encode()
    fingerprint = (2 * number + 2).to_bytes(8, "big") + bytes(12)
    return Push(fingerprint=fingerprint, depth=depth, host=host, body=body, path=path)


def numbers(answer):
    return [int(json.loads(lease.body)["url"].rsplit("/", 1)[1]) for lease in answer.leases]


async def fail_for_good(queue, leases):
    """Fail each lease as often as it takes to be parked."""
    await queue.exchange(Outbox(ended=[(lease.id, "fail") for lease in leases]))
    again = await queue.exchange(want=len(leases))
    await queue.exchange(Outbox(ended=[(lease.id, "fail") for lease in again.leases]))


async def test_the_report_counts_what_workers_did(join, control):
    """Two levels, two hosts, one request under way, two done, one dead."""
    first, second = await join("a"), await join("b")
    found = await first.exchange(Outbox(pushes=[page(n) for n in range(4)]), want=3)
    before = control.stats()
    other = [page(n, depth=1, host="other") for n in range(10, 15)]
    rule = HostRule(host="other", delay_ms=2000, not_before_ms=60_000)
    done = [(lease.id, "done") for lease in found.leases[:2]]
    await first.exchange(Outbox(ended=done, pushes=other, hosts=[rule], items=7, size=900))
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
    busy, site = report.hosts
    assert 50_000 < busy.free_in_ms <= 60_000
    assert busy == HostCounts(host="other", queued=5, delay_ms=2000, free_in_ms=busy.free_in_ms)
    assert site == HostCounts(host="site", in_flight=1, done=2, dead=1)
    assert sorted((w.name, w.leases) for w in report.workers) == [("a", 0), ("b", 1)]
    assert max(w.silent_ms for w in report.workers) < 5000
    assert report.oldest_lease is not None
    assert (report.oldest_lease.worker, report.oldest_lease.url) == ("b", "http://site/3")
    assert 0 <= report.oldest_lease.age_ms < 60_000
    pace = rates(before, report)
    assert pace.pages_per_second == pytest.approx(2 / pace.seconds)


async def test_dead_letters_tell_when_where_and_why_and_are_tried_anew(join, control):
    """Re-queued, they stand before the rest of their depth, in their old order, without history."""
    queue = await join()
    found = await queue.exchange(Outbox(pushes=[page(n) for n in range(5)]), want=3)
    await queue.exchange(Outbox(ended=[(found.leases[0].id, "dead"), (found.leases[1].id, "done")]))
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


async def test_discarded_letters_are_gone_and_counted_no_more(join, control):
    queue = await join()
    found = await queue.exchange(Outbox(pushes=[page(n) for n in range(3)]), want=3)
    await queue.exchange(Outbox(ended=[(lease.id, "dead") for lease in found.leases]))
    first, *others = control.dead()

    assert control.discard(["999", first.id]) == 1
    assert control.dead() == others
    assert control.discard("all") == 2
    assert (control.dead(), control.stats().dead) == ([], 0)
    assert numbers(await queue.exchange(Outbox(pushes=[page(0)]), want=3)) == []


async def test_all_dead_letters_keep_their_order_over_many_batches(join, control):
    queue = await join()
    found = await queue.exchange(Outbox(pushes=[page(n) for n in range(1200)]), want=1200)
    await queue.exchange(Outbox(ended=[(lease.id, "dead") for lease in found.leases]))

    parked = [int(letter.url.rsplit("/", 1)[1]) for letter in control.dead(limit=1200)]
    assert sorted(parked) == list(range(1200))
    assert len(control.dead(limit=50)) == 50
    assert control.requeue("all") == 1200
    assert numbers(await queue.exchange(want=1200)) == parked


async def test_a_pruned_branch_comes_back_in_its_old_place(join, control):
    """What lies below another pruned node stays where it is, and nothing is lost."""
    queue = await join()
    paths = [("s", "left"), ("s", "right"), ("s", "left", "deep")]
    await queue.exchange(Outbox(pushes=[page(n, depth=2, path=paths[n % 3]) for n in range(1500)]))

    assert control.prune("left")
    assert control.prune("deep")
    assert not control.prune("left")
    assert sorted(control.pruned()) == ["deep", "left"]
    right = await queue.exchange(want=2)
    assert numbers(right) == [1, 4]
    aside = control.stats().pruned
    (host,) = control.stats().hosts
    assert aside == sum(d.pruned for d in control.stats().depths) == host.pruned > 0

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
    await queue.exchange(Outbox(pushes=[page(0)]))

    control.pause()
    paused = await queue.exchange(want=1)
    control.resume()
    resumed = await queue.exchange(want=1)

    assert (paused.state, numbers(paused)) == ("paused", [])
    assert (resumed.state, numbers(resumed)) == ("running", [0])


async def test_a_changed_limit_reaches_workers_at_their_next_exchange(join, control):
    queue = await join()
    await queue.exchange(Outbox(pushes=[page(n) for n in range(5)]))
    leased = (await queue.exchange(want=2)).leases

    control.limit({"max_pages": 2})
    spent = await queue.exchange(Outbox(ended=[(each.id, "done") for each in leased]), want=2)
    control.limit({"max_pages": 3, "max_seconds": 3600})
    more = await queue.exchange(want=5)

    assert (spent.state, numbers(spent)) == ("max_pages", [])
    assert (more.state, numbers(more)) == ("running", [2])
    budgets = control.stats().budgets
    assert (budgets["max_pages"], budgets["deadline"] > 0) == (3, True)
    control.limit({"max_seconds": 0})
    assert "deadline" not in control.stats().budgets
    with pytest.raises(ConfigError, match="max_cats"):
        control.limit({"max_cats": 1})


async def test_a_dropped_crawl_is_gone_for_its_workers_and_for_its_control(join, control):
    queue = await join()
    await queue.exchange(Outbox(pushes=[page(n) for n in range(20)]), want=5)

    control.drop()

    with pytest.raises(FrontierGoneError):
        await queue.exchange()
    for ask in (control.stats, control.dead, control.pause, control.drop, control.pruned):
        with pytest.raises(FrontierGoneError, match="수집이 없습니다"):
            ask()


async def test_a_crawl_that_was_dropped_may_be_begun_anew(join, control):
    old = await join("a")
    await old.exchange(Outbox(pushes=[page(1), page(2)]))
    control.drop()
    await old.close()

    new = await join("b")
    answer = await new.exchange(Outbox(pushes=[page(1)]), want=9)

    assert numbers(answer) == [1]
    assert (control.stats().in_flight, control.stats().queued) == (1, 0)


def test_a_crawl_that_never_was_is_gone(control):
    with pytest.raises(FrontierGoneError, match="contract"):
        control.stats()


def test_an_address_names_the_node_of_its_request():
    assert node_of("http://site/1") == node_of("http://site/1#part") != node_of("http://site/2")
    assert node_of("ab12") == "ab12"

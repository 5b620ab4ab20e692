"""What every queue of the frontier promises: in Redis and in a file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from itertools import pairwise

import pytest

from crawlers.frontier.protocol import Budget, HostRule
from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError
from tests.contracts.frontier import RedisCrawl, SqliteCrawl, ended, numbers, push


@pytest.fixture(params=["redis", "sqlite"])
def crawl(request, tmp_path):
    """A crawl that no worker has joined yet."""
    if request.param == "redis":
        crawl = RedisCrawl(request.getfixturevalue("redis_url"), "contract")
    else:
        crawl = SqliteCrawl(tmp_path / "frontier" / "contract.db")
    yield crawl
    crawl.close()


@asynccontextmanager
async def workers(crawl, *names, budget=None, **rules):
    """Queues as so many workers see them."""
    queues = [crawl.queue(name, **rules) for name in names]
    for queue in queues:
        await queue.open(budget)
    try:
        yield queues if len(queues) > 1 else queues[0]
    finally:
        for queue in queues:
            await queue.close()


async def test_only_the_first_worker_begins_the_crawl(crawl):
    first, second = crawl.queue("1"), crawl.queue("2")

    assert [await first.open(), await second.open(), await first.open()] == [True, False, False]

    await first.close()
    await second.close()


# --- order
async def test_requests_leave_in_the_order_they_came_over_all_workers(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(n) for n in range(6)])
        await two.exchange(pushes=[push(n) for n in range(6, 9)])

        leased = [await q.exchange(want=2) for q in (one, two, one, two)]

    assert [numbers(answer) for answer in leased] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert (leased[-1].queued, leased[-1].in_flight) == (1, 8)


async def test_no_level_begins_before_the_one_above_has_ended_everywhere(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(0), push(1)])
        first, second = await one.exchange(want=1), await two.exchange(want=1)
        children = [push(2, 1), push(3, 1)]

        early = await one.exchange(want=5, ended=ended(first), pushes=children)
        late = await two.exchange(want=5, ended=ended(second))

    assert numbers(early) == []
    assert early.free_in_ms == -1
    assert numbers(late) == [2, 3]


async def test_relaxed_order_does_not_wait_for_the_level_above(crawl):
    async with workers(crawl, "1", strict=False) as queue:
        await queue.exchange(pushes=[push(0), push(1, 1), push(2, 2)])

        answer = await queue.exchange(want=3)

    assert numbers(answer) == [0, 1, 2]


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "relaxed"])
async def test_relaxed_order_queues_a_page_again_that_is_found_on_a_shorter_way(crawl, strict):
    async with workers(crawl, "1", strict=strict) as queue:
        await queue.exchange(pushes=[push(7, 5)])
        seen = await queue.exchange(want=1)

        shorter = await queue.exchange(want=1, ended=ended(seen), pushes=[push(7, 2)])
        longer = await queue.exchange(want=1, ended=ended(shorter), pushes=[push(7, 3)])

    assert numbers(shorter) == ([] if strict else [7])
    assert numbers(longer) == []
    assert longer.complete


# --- duplicates
async def test_a_request_found_twice_is_queued_once(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(1), push(1), push(2)])
        await two.exchange(pushes=[push(1), push(1, 3, "b")])

        answer = await one.exchange(want=9)

    assert numbers(answer) == [1, 2]
    assert crawl.meta("repeated") == 3


async def test_a_request_marked_as_known_is_queued_again(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(pushes=[push(1), push(1, known=True)])

        answer = await queue.exchange(want=9)

    assert numbers(answer) == [1, 1]


# --- ends
async def test_given_back_requests_take_their_old_places(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(n) for n in range(5)])
        held = await one.exchange(want=3)

        await one.exchange(ended=ended(held, "back"))
        again = await two.exchange(want=5)

    assert numbers(again) == [0, 1, 2, 3, 4]
    assert [lease.attempts for lease in again.leases] == [0] * 5


async def test_a_failing_request_is_parked_with_its_history_after_some_attempts(crawl):
    async with workers(crawl, "1", max_attempts=3) as queue:
        await queue.exchange(pushes=[push(1), push(2)])
        tried = []
        for _ in range(3):
            answer = await queue.exchange(want=1)
            tried += numbers(answer)
            await queue.exchange(ended=ended(answer, "fail"))
        rest = await queue.exchange(want=2)

    ((body, history),) = crawl.parked()
    assert (tried, body, numbers(rest)) == ([1, 1, 1], "1", [2])
    assert [attempt.split("@")[1:] for attempt in history.split(",")] == [["1", "failed"]] * 3


async def test_an_unreadable_request_is_parked_at_once(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(pushes=[push(1)])

        answer = await queue.exchange(ended=ended(await queue.exchange(want=1), "dead"))

    ((body, history),) = crawl.parked()
    assert body == "1"
    assert history.endswith("@1@unreadable")
    assert answer.complete


async def test_a_late_end_does_not_touch_the_lease_of_another_worker(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(1)])
        lost = await one.exchange(want=1)
        crawl.silence("1")
        await two.exchange(want=1)

        answer = await one.exchange(ended=ended(lost), pushes=[push(2, 1)])

    assert (answer.queued, answer.in_flight) == (1, 1)
    assert crawl.meta("late") == 1


# --- workers that fall silent
async def test_requests_of_a_silent_worker_go_back_to_the_head_in_their_old_order(crawl):
    async with workers(crawl, "1", "2", "3") as (one, two, three):
        await one.exchange(pushes=[push(n) for n in range(6)])
        await one.exchange(want=2)
        await two.exchange(want=2)
        crawl.silence("1")

        answer = await three.exchange(want=4)

    assert numbers(answer) == [0, 1, 4, 5]
    assert [lease.attempts for lease in answer.leases] == [1, 1, 0, 0]
    assert crawl.meta("reclaimed") == 2


async def test_a_silence_shorter_than_the_lease_changes_nothing(crawl):
    async with workers(crawl, "1", "2", lease_seconds=60) as (one, two):
        await one.exchange(pushes=[push(1)])
        await one.exchange(want=1)

        answer = await two.exchange(want=1)

    assert (numbers(answer), answer.in_flight) == ([], 1)


async def test_a_request_that_kills_its_workers_is_parked(crawl):
    async with workers(crawl, "1", "2", max_attempts=2) as (one, two):
        await one.exchange(pushes=[push(1)])
        await one.exchange(want=1)
        crawl.silence("1")
        await two.exchange(want=1)
        crawl.silence("2")

        answer = await one.exchange(want=1)

    ((body, history),) = crawl.parked()
    assert (numbers(answer), body) == ([], "1")
    assert [attempt.split("@")[1:] for attempt in history.split(",")] == [
        ["1", "died"],
        ["2", "died"],
    ]


async def test_a_worker_that_leaves_with_leases_is_not_forgotten(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(1)])
        await one.exchange(want=1)

        await one.leave()
        crawl.silence("1")
        answer = await two.exchange(want=1)

    assert numbers(answer) == [1]


# --- lost answers
async def test_an_exchange_whose_answer_was_lost_is_applied_once(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(pushes=[push(0)])
        held = await queue.exchange(want=1)
        told = {"want": 2, "ended": ended(held), "items": 1, "size": 9}
        told["pushes"] = [push(n, known=True) for n in (1, 2, 3, 4)]

        lost = await queue.exchange(**told)
        queue._sequence -= 1  # its answer never came
        answer = await queue.exchange(**told)
        found = await queue.recover({lease.id for lease in answer.leases})

    assert (numbers(answer), found) == ([3, 4], lost.leases)
    assert answer.queued + answer.in_flight == 4
    assert (crawl.meta("items"), crawl.meta("bytes"), crawl.meta("late")) == (1, 9, 0)


async def test_a_repeated_exchange_is_applied_once_though_its_worker_was_given_up(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        told = {"pushes": [push(1, known=True)], "items": 1}
        await one.exchange(**told)
        crawl.silence("1")
        await two.exchange()

        one._sequence -= 1
        answer = await one.exchange(**told)

    assert answer.queued == 1
    assert crawl.meta("items") == 1


async def test_what_follows_a_lost_answer_to_an_idle_exchange_is_applied(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(want=1)
        queue._sequence -= 1  # there was nothing to repeat, so the next one tells what is new

        answer = await queue.exchange(pushes=[push(1)])

    assert answer.queued == 1


async def test_a_crawl_that_was_dropped_is_gone_for_its_workers(crawl):
    async with workers(crawl, "1") as queue:
        crawl.drop()

        with pytest.raises(FrontierGoneError):
            await queue.exchange(want=1)


# --- politeness
async def test_a_host_is_asked_once_in_its_delay_by_all_workers(crawl):
    async with workers(crawl, "1", "2", delay_ms=150) as queues:
        await queues[0].exchange(pushes=[push(n, host="ab"[n % 2]) for n in range(6)])
        visits = {"a": [], "b": []}
        while sum(map(len, visits.values())) < 6:
            before = time.time()
            for queue in queues:
                answer = await queue.exchange(want=4, want_now=4)
                for number in numbers(answer):
                    visits["ab"[number % 2]].append((before, time.time()))
            await asyncio.sleep(max(0, answer.free_in_ms) / 1000)

    for times in visits.values():
        # from the earliest moment of a visit to the latest of the next one
        gaps = [later[1] - sooner[0] for sooner, later in pairwise(times)]
        assert min(gaps) >= 0.149


async def test_only_what_can_start_at_once_is_leased_from_hosts_with_a_delay(crawl):
    async with workers(crawl, "1", delay_ms=60_000) as queue:
        hosts = [push(n, host=f"h{n}") for n in range(5)]

        answer = await queue.exchange(want=5, want_now=2, pushes=hosts)
        none_now = await queue.exchange(want=5, want_now=0)

    assert len(answer.leases) == 2
    assert none_now.leases == []


async def test_a_host_that_asks_for_patience_does_not_block_the_others(crawl):
    async with workers(crawl, "1") as queue:
        rules = [HostRule(host="a", not_before_ms=60_000), HostRule(host="b", delay_ms=60_000)]
        pushes = [push(n, host="abc"[n % 3]) for n in range(9)]

        answer = await queue.exchange(want=9, want_now=9, pushes=pushes, hosts=rules)
        later = await queue.exchange(want=9, want_now=9)

    assert sorted(numbers(answer)) == [1, 2, 5, 8]
    assert later.leases == []
    assert 50_000 < later.free_in_ms <= 60_000


async def test_a_host_has_no_more_requests_at_once_than_allowed_over_all_workers(crawl):
    async with workers(crawl, "1", "2", concurrency=2) as (one, two):
        pushes = [push(n, host="ab"[n % 2]) for n in range(8)]
        first = await one.exchange(want=3, pushes=pushes)
        second = await two.exchange(want=9)

        third = await two.exchange(want=9, ended=ended(second))

    assert sorted(numbers(first) + numbers(second)) == [0, 1, 2, 3]
    assert len(third.leases) == 1
    assert third.in_flight == 4


# --- budgets, pruning, pause
@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (Budget(max_items=3), {"items": 3}),
        (Budget(max_bytes=100), {"size": 100}),
        (Budget(max_seconds=0.001), {}),
    ],
    ids=["items", "bytes", "seconds"],
)
async def test_a_spent_budget_stops_all_workers_and_keeps_the_queue(crawl, budget, told):
    async with workers(crawl, "1", "2", budget=budget) as (one, two):
        await one.exchange(pushes=[push(1)], **told)
        await asyncio.sleep(0.01)

        answer = await two.exchange(want=1)

    (name,) = [n for n in ("max_items", "max_bytes", "max_seconds") if getattr(budget, n)]
    assert (answer.leases, answer.queued, answer.state) == ([], 1, name)


async def test_a_budget_of_pages_is_never_exceeded(crawl):
    async with workers(crawl, "1", "2", budget=Budget(max_pages=3)) as (one, two):
        await one.exchange(pushes=[push(n) for n in range(9)])
        first, second = await one.exchange(want=2), await two.exchange(want=9)
        back = await two.exchange(want=9, ended=ended(second, "back"))

        await one.exchange(ended=ended(first))
        last = await two.exchange(want=9, ended=ended(back))

    assert [numbers(a) for a in (first, second, back)] == [[0, 1], [2], [2]]
    assert (last.state, last.queued, last.in_flight) == ("max_pages", 6, 0)


async def test_a_new_budget_takes_the_place_of_a_spent_one(crawl):
    async with workers(crawl, "1", budget=Budget(max_items=1)) as queue:
        await queue.exchange(pushes=[push(1)], items=1)

    async with workers(crawl, "2", budget=Budget()) as queue:
        answer = await queue.exchange(want=1)

    assert (numbers(answer), answer.state) == ([1], "running")


async def test_a_pruned_branch_is_set_aside_whole(crawl):
    async with workers(crawl, "1") as queue:
        branches = [push(n, path=("seed", "xy"[n % 2])) for n in range(6)]
        await queue.exchange(pushes=branches)

        await queue.prune(["y"])
        answer = await queue.exchange(want=9, pushes=[push(7, path=("seed", "y", "z"))])
        over = await queue.exchange(want=9, ended=ended(answer))

    assert numbers(answer) == [0, 2, 4]
    assert crawl.pruned() == ["1", "3", "5", "7"]
    assert over.complete


async def test_a_level_that_is_pruned_whole_gives_way_to_the_next(crawl):
    async with workers(crawl, "1") as queue:
        await queue.prune(["y"])
        pushes = [push(n, path=("y",)) for n in range(5)] + [push(9, 1, path=("x",))]

        answer = await queue.exchange(want=2, pushes=pushes)

    assert numbers(answer) == [9]


async def test_a_paused_crawl_takes_in_but_gives_nothing_out(crawl):
    async with workers(crawl, "1") as queue:
        crawl.set_state("paused")
        paused = await queue.exchange(want=1, pushes=[push(1)])
        crawl.set_state("running")

        answer = await queue.exchange(want=1)

    assert (paused.leases, paused.queued, paused.state) == ([], 1, "paused")
    assert numbers(answer) == [1]


# --- what comes from outside
async def test_bodies_hosts_and_nodes_may_hold_anything(crawl):
    odd = push(1, host="a;b", path=("s 1", "ü"))
    odd.body = b'\x00;;,\n"\xff'
    async with workers(crawl, "1") as queue:
        await queue.exchange(pushes=[odd])
        first = await queue.exchange(want=1)
        await queue.exchange(ended=ended(first, "fail"))

        again = await queue.exchange(want=1)
        over = await queue.exchange(ended=ended(again))

    assert first.leases[0].body == again.leases[0].body == odd.body
    assert over.complete


# --- what only one of them does
async def test_redis_splits_its_buckets_so_that_all_stay_compact(redis_url):
    """Linear hashing: every set remains an intset, and no fingerprint is forgotten by a split."""
    crawl = RedisCrawl(redis_url, "growth")
    batches = [[push(n) for n in range(start, start + 500)] for start in range(0, 20_000, 500)]
    async with workers(crawl, "1") as queue:
        for batch in batches:
            answer = await queue.exchange(pushes=batch)
        for batch in batches[::8]:
            again = await queue.exchange(pushes=batch)

    keys = list(crawl.redis.scan_iter(f"{crawl.prefix}seen:*", count=1000))
    memory = sum(crawl.redis.memory_usage(key, samples=0) for key in keys)
    assert {crawl.redis.object("ENCODING", key) for key in keys} == {"intset"}
    assert answer.queued == again.queued == 20_000
    assert crawl.meta("repeated") == 2_500
    assert memory / 20_000 <= 12
    crawl.close()


async def test_a_file_begins_a_crawl_anew_only_if_asked_and_nobody_works_on_it(tmp_path):
    crawl = SqliteCrawl(tmp_path / "one.db")
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(pushes=[push(1)])
        await one.exchange(ended=ended(await one.exchange(want=1)))
        await two.exchange()
        answers = []
        for renew in (False, True):
            async with workers(crawl, "3", renew=renew) as late:
                answers.append(await late.exchange(pushes=[push(1)]))
                await late.leave()
        await one.leave()
        await two.leave()

    async with workers(crawl, "4", renew=True) as new:
        answers.append(await new.exchange(pushes=[push(1)]))

    assert [answer.queued for answer in answers] == [0, 0, 1]


async def test_a_file_that_another_process_holds_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("crawlers.frontier.sqlite_queue.BUSY_SECONDS", 0.01)
    crawl = SqliteCrawl(tmp_path / "busy.db")
    async with workers(crawl, "1") as queue:
        with closing(sqlite3.connect(crawl.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FrontierUnavailableError, match="locked"):
                await queue.exchange(pushes=[push(1)])

        answer = await queue.exchange(pushes=[push(1)])

    assert answer.queued == 1


@pytest.mark.parametrize("version", [0, 99], ids=["not a database", "of another version"])
async def test_a_file_that_is_no_frontier_is_refused(tmp_path, version):
    crawl = SqliteCrawl(tmp_path / "odd.db")
    if version:
        with closing(sqlite3.connect(crawl.path)) as db:
            db.execute(f"PRAGMA user_version = {version}")
    else:
        crawl.path.write_text("a poem about queues" * 100)
    queue = crawl.queue()

    with pytest.raises(FrontierError, match=r"not a database|version 99") as refusal:
        await queue.open()

    assert not isinstance(refusal.value, FrontierUnavailableError)
    await queue.close()

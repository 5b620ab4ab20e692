"""Politeness, budgets and pruning: what every queue of the frontier holds back."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from crawlers.frontier.protocol import Budget, HostRule, Outbox
from tests.contracts.frontier import ended, numbers, push, workers


# --- politeness
async def test_a_host_is_asked_once_in_its_delay_by_all_workers(crawl):
    async with workers(crawl, "1", "2", delay_ms=150) as queues:
        await queues[0].exchange(Outbox(pushes=[push(n, host="ab"[n % 2]) for n in range(6)]))
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

        answer = await queue.exchange(Outbox(pushes=hosts), want=5, want_now=2)
        none_now = await queue.exchange(want=5, want_now=0)

    assert len(answer.leases) == 2
    assert none_now.leases == []


async def test_a_host_that_asks_for_patience_does_not_block_the_others(crawl):
    async with workers(crawl, "1") as queue:
        rules = [HostRule(host="a", not_before_ms=60_000), HostRule(host="b", delay_ms=60_000)]
        pushes = [push(n, host="abc"[n % 3]) for n in range(9)]

        answer = await queue.exchange(Outbox(pushes=pushes, hosts=rules), want=9, want_now=9)
        later = await queue.exchange(want=9, want_now=9)

    assert sorted(numbers(answer)) == [1, 2, 5, 8]
    assert later.leases == []
    assert 50_000 < later.free_in_ms <= 60_000


async def test_a_host_has_no_more_requests_at_once_than_allowed_over_all_workers(crawl):
    async with workers(crawl, "1", "2", concurrency=2) as (one, two):
        pushes = [push(n, host="ab"[n % 2]) for n in range(8)]
        first = await one.exchange(Outbox(pushes=pushes), want=3)
        second = await two.exchange(want=9)

        third = await two.exchange(Outbox(ended=ended(second)), want=9)

    assert sorted(numbers(first) + numbers(second)) == [0, 1, 2, 3]
    assert len(third.leases) == 1
    assert third.in_flight == 4


@pytest.mark.parametrize("busy", ["waits", "is polite", "is full"])
async def test_hosts_that_are_busy_never_stand_before_free_ones(crawl, busy):
    """However many they are, and though they came first; each keeps its own order."""
    many = [push(n, host=f"busy{n % 500:03}") for n in range(1000)]
    free = [push(n, host="free") for n in range(1000, 1010)]
    rules = [HostRule(host=f"busy{n:03}", not_before_ms=60_000) for n in range(500)]
    polite = [HostRule(host=f"busy{n:03}", delay_ms=60_000) for n in range(500)]
    async with workers(crawl, "1", "2", concurrency=int(busy == "is full")) as (one, two):
        await one.exchange(Outbox(pushes=many, hosts=polite if busy == "is polite" else []))
        if busy == "waits":
            await one.exchange(Outbox(hosts=rules))
        else:
            taken = await one.exchange(want=500, want_now=500)
            assert sorted(numbers(taken)) == list(range(500))
        await one.exchange(Outbox(pushes=free))

        first = await two.exchange(want=3, want_now=3)
        second = await two.exchange(Outbox(ended=ended(first)), want=3, want_now=3)

    assert numbers(first) + numbers(second) == (
        [1000, 1001] if busy == "is full" else [1000, 1001, 1002, 1003, 1004, 1005]
    )


async def test_a_host_that_was_full_goes_on_as_soon_as_one_of_its_requests_ends(crawl):
    """At every depth it waits at, also for workers that know no limit."""
    async with (
        workers(crawl, "1", concurrency=2, strict=False) as one,
        workers(crawl, "2", strict=False) as two,
    ):
        pushes = [push(n, depth) for n, depth in enumerate([0, 0, 0, 1, 1])]
        first = await one.exchange(Outbox(pushes=pushes), want=9)
        none = await one.exchange(want=9)
        some = await one.exchange(Outbox(ended=ended(first)[:1]), want=9)
        await one.exchange(Outbox(ended=ended(first)[1:] + ended(some)))

        rest = await two.exchange(want=9)

    assert [numbers(answer) for answer in (first, none, some, rest)] == [[0, 1], [], [2], [3, 4]]
    assert none.free_in_ms == -1


async def test_hosts_take_turns(crawl):
    """One with a long queue and no delay does not make a polite one wait until it is done."""
    async with workers(crawl, "1") as queue:
        rule = HostRule(host="polite", delay_ms=10)
        long = [push(n, host="long") for n in range(100)]
        await queue.exchange(Outbox(pushes=long, hosts=[rule]))
        await queue.exchange(Outbox(pushes=[push(n, host="polite") for n in range(100, 103)]))
        left = []
        for _ in range(10):
            left += numbers(await queue.exchange(want=4, want_now=4))
            await asyncio.sleep(0.02)

    assert [n for n in left if n >= 100] == [100, 101, 102]
    assert [n for n in left if n < 100] == list(range(37))


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
        await one.exchange(Outbox(pushes=[push(1)], **told))
        await asyncio.sleep(0.01)

        answer = await two.exchange(want=1)

    (name,) = [n for n in ("max_items", "max_bytes", "max_seconds") if getattr(budget, n)]
    assert (answer.leases, answer.queued, answer.state) == ([], 1, name)


async def test_a_budget_of_pages_is_never_exceeded(crawl):
    async with workers(crawl, "1", "2", budget=Budget(max_pages=3)) as (one, two):
        await one.exchange(Outbox(pushes=[push(n) for n in range(9)]))
        first, second = await one.exchange(want=2), await two.exchange(want=9)
        back = await two.exchange(Outbox(ended=ended(second, "back")), want=9)

        await one.exchange(Outbox(ended=ended(first)))
        last = await two.exchange(Outbox(ended=ended(back)), want=9)

    assert [numbers(a) for a in (first, second, back)] == [[0, 1], [2], [2]]
    assert (last.state, last.queued, last.in_flight) == ("max_pages", 6, 0)


async def test_a_new_budget_takes_the_place_of_a_spent_one(crawl):
    async with workers(crawl, "1", budget=Budget(max_items=1)) as queue:
        await queue.exchange(Outbox(pushes=[push(1)], items=1))

    async with workers(crawl, "2", budget=Budget()) as queue:
        answer = await queue.exchange(want=1)

    assert (numbers(answer), answer.state) == ([1], "running")


async def test_a_pruned_branch_is_set_aside_whole(crawl):
    async with workers(crawl, "1") as queue:
        branches = [push(n, path=("seed", "xy"[n % 2])) for n in range(6)]
        await queue.exchange(Outbox(pushes=branches))

        await queue.exchange(Outbox(pruned=["y"]))
        answer = await queue.exchange(Outbox(pushes=[push(7, path=("seed", "y", "z"))]), want=9)
        over = await queue.exchange(Outbox(ended=ended(answer)), want=9)

    assert numbers(answer) == [0, 2, 4]
    assert crawl.pruned() == ["1", "3", "5", "7"]
    assert over.complete


async def test_a_level_that_is_pruned_whole_gives_way_to_the_next(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(Outbox(pruned=["y"]))
        pushes = [push(n, path=("y",)) for n in range(5)] + [push(9, 1, path=("x",))]

        answer = await queue.exchange(Outbox(pushes=pushes), want=2)

    assert numbers(answer) == [9]


async def test_a_paused_crawl_takes_in_but_gives_nothing_out(crawl):
    async with workers(crawl, "1") as queue:
        crawl.set_state("paused")
        paused = await queue.exchange(Outbox(pushes=[push(1)]), want=1)
        crawl.set_state("running")

        answer = await queue.exchange(want=1)

    assert (paused.leases, paused.queued, paused.state) == ([], 1, "paused")
    assert numbers(answer) == [1]


# --- what comes from outside
async def test_bodies_hosts_and_nodes_may_hold_anything(crawl):
    odd = push(1, host="a;b", path=("s 1", "ü"))
    odd.body = b'\x00;;,\n"\xff'
    async with workers(crawl, "1") as queue:
        await queue.exchange(Outbox(pushes=[odd]))
        first = await queue.exchange(want=1)
        await queue.exchange(Outbox(ended=ended(first, "fail")))

        again = await queue.exchange(want=1)
        over = await queue.exchange(Outbox(ended=ended(again)))

    assert first.leases[0].body == again.leases[0].body == odd.body
    assert over.complete

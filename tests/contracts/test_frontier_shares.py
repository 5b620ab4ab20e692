"""What one worker may hold of a single host: in every queue of the frontier."""

from __future__ import annotations

import pytest

from crawlers.frontier.protocol import Outbox
from tests.contracts.frontier import ended, numbers, push, workers


async def met(queue, *hosts):
    """Be done with one request of each host."""
    pushes = [push(10_000 + n, host=host) for n, host in enumerate(hosts)]
    answer = await queue.exchange(Outbox(pushes=pushes), want=len(hosts))
    await queue.exchange(Outbox(ended=ended(answer)))


async def test_a_worker_takes_a_share_of_each_host_first_in_first_out(crawl):
    async with workers(crawl, "1", share=2) as queue:
        await met(queue, "a", "b")
        await queue.exchange(Outbox(pushes=[push(n, host="ab"[n % 2]) for n in range(8)]))

        first = await queue.exchange(want=9)
        none = await queue.exchange(want=9, rooms={"a": 0, "b": 0})
        some = await queue.exchange(want=9, rooms={"a": 1, "b": 0})

    assert sorted(numbers(first)) == [0, 1, 2, 3]
    assert {lease.host for lease in first.leases} == {"a", "b"}
    assert [numbers(answer) for answer in (none, some)] == [[], [4]]
    assert none.free_in_ms == -1


async def test_a_host_that_nobody_is_done_with_gives_each_worker_one(crawl):
    """Its robots.txt may ask for a delay, which the rest would not keep."""
    async with workers(crawl, "1", "2", share=3) as (one, two):
        await one.exchange(Outbox(pushes=[push(n) for n in range(9)]))
        first, second = await one.exchange(want=9), await two.exchange(want=9)

        known = await one.exchange(Outbox(ended=ended(first)), want=9)
        told = await two.exchange(want=9, rooms={"a": 2})

    assert [numbers(a) for a in (first, second, known, told)] == [[0], [1], [2, 3, 4], [5, 6]]


async def test_what_one_worker_has_enough_of_another_may_have(crawl):
    async with workers(crawl, "1", "2", share=2) as (one, two):
        await met(one, "a")
        await one.exchange(Outbox(pushes=[push(n) for n in range(5)]))
        first = await one.exchange(want=9)

        second = await two.exchange(want=9)

    assert [numbers(first), numbers(second)] == [[0, 1], [2, 3]]


async def test_without_a_share_one_host_fills_a_worker(crawl):
    async with workers(crawl, "1") as queue:
        answer = await queue.exchange(Outbox(pushes=[push(n) for n in range(40)]), want=32)

    assert numbers(answer) == list(range(32))


@pytest.mark.parametrize("many", [3, 200])
async def test_hosts_of_which_a_worker_has_enough_do_not_stand_before_others(crawl, many):
    """However many they are, and though they came first."""
    busy = [f"busy{n:03}" for n in range(many)]
    async with workers(crawl, "1", share=1) as queue:
        await queue.exchange(Outbox(pushes=[push(n, host=busy[n % many]) for n in range(2 * many)]))
        await queue.exchange(want=many)
        await queue.exchange(Outbox(pushes=[push(9000, host="free")]))

        answer = await queue.exchange(want=5, rooms=dict.fromkeys(busy, 0))

    assert numbers(answer) == [9000]


async def test_what_a_lost_answer_held_is_found_with_its_host(crawl):
    async with workers(crawl, "1", share=1) as queue:
        lost = await queue.exchange(Outbox(pushes=[push(1, host="a;b")]), want=1)

        found = await queue.recover(set())

    assert found == lost.leases

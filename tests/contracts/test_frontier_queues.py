"""What every queue of the frontier promises: in Redis and in a file."""

from __future__ import annotations

import pytest

from crawlers.frontier.protocol import Outbox
from gleanery.errors import FrontierGoneError
from tests.contracts.frontier import ended, numbers, push, workers


async def test_only_the_first_worker_begins_the_crawl(crawl):
    first, second = crawl.queue("1"), crawl.queue("2")

    assert [await first.open(), await second.open(), await first.open()] == [True, False, False]

    await first.close()
    await second.close()


# --- order
async def test_requests_leave_in_the_order_they_came_over_all_workers(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(n) for n in range(6)]))
        await two.exchange(Outbox(pushes=[push(n) for n in range(6, 9)]))

        leased = [await q.exchange(want=2) for q in (one, two, one, two)]

    assert [numbers(answer) for answer in leased] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert (leased[-1].queued, leased[-1].in_flight) == (1, 8)


async def test_no_level_begins_before_the_one_above_has_ended_everywhere(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(0), push(1)]))
        first, second = await one.exchange(want=1), await two.exchange(want=1)
        children = [push(2, 1), push(3, 1)]

        early = await one.exchange(Outbox(ended=ended(first), pushes=children), want=5)
        late = await two.exchange(Outbox(ended=ended(second)), want=5)

    assert numbers(early) == []
    assert early.free_in_ms == -1
    assert numbers(late) == [2, 3]


async def test_relaxed_order_does_not_wait_for_the_level_above(crawl):
    async with workers(crawl, "1", strict=False) as queue:
        await queue.exchange(Outbox(pushes=[push(0), push(1, 1), push(2, 2)]))

        answer = await queue.exchange(want=3)

    assert numbers(answer) == [0, 1, 2]


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "relaxed"])
async def test_relaxed_order_queues_a_page_again_that_is_found_on_a_shorter_way(crawl, strict):
    async with workers(crawl, "1", strict=strict) as queue:
        await queue.exchange(Outbox(pushes=[push(7, 5)]))
        seen = await queue.exchange(want=1)

        shorter = await queue.exchange(Outbox(ended=ended(seen), pushes=[push(7, 2)]), want=1)
        longer = await queue.exchange(Outbox(ended=ended(shorter), pushes=[push(7, 3)]), want=1)

    assert numbers(shorter) == ([] if strict else [7])
    assert numbers(longer) == []
    assert longer.complete


# --- duplicates
async def test_a_request_found_twice_is_queued_once(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(1), push(1), push(2)]))
        await two.exchange(Outbox(pushes=[push(1), push(1, 3, "b")]))

        answer = await one.exchange(want=9)

    assert numbers(answer) == [1, 2]
    assert crawl.meta("repeated") == 3


async def test_a_request_marked_as_known_is_queued_again(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(Outbox(pushes=[push(1), push(1, known=True)]))

        answer = await queue.exchange(want=9)

    assert numbers(answer) == [1, 1]


# --- ends
async def test_given_back_requests_take_their_old_places(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(n) for n in range(5)]))
        held = await one.exchange(want=3)

        await one.exchange(Outbox(ended=ended(held, "back")))
        again = await two.exchange(want=5)

    assert numbers(again) == [0, 1, 2, 3, 4]
    assert [lease.attempts for lease in again.leases] == [0] * 5


async def test_a_failing_request_is_parked_with_its_history_after_some_attempts(crawl):
    async with workers(crawl, "1", max_attempts=3) as queue:
        await queue.exchange(Outbox(pushes=[push(1), push(2)]))
        tried = []
        for _ in range(3):
            answer = await queue.exchange(want=1)
            tried += numbers(answer)
            await queue.exchange(Outbox(ended=ended(answer, "fail")))
        rest = await queue.exchange(want=2)

    ((body, history),) = crawl.parked()
    assert (tried, body, numbers(rest)) == ([1, 1, 1], "1", [2])
    assert [attempt.split("@")[1:] for attempt in history.split(",")] == [["1", "failed"]] * 3


async def test_an_unreadable_request_is_parked_at_once(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(Outbox(pushes=[push(1)]))

        answer = await queue.exchange(Outbox(ended=ended(await queue.exchange(want=1), "dead")))

    ((body, history),) = crawl.parked()
    assert body == "1"
    assert history.endswith("@1@unreadable")
    assert answer.complete


async def test_a_late_end_does_not_touch_the_lease_of_another_worker(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(1)]))
        lost = await one.exchange(want=1)
        crawl.silence("1")
        await two.exchange(want=1)

        answer = await one.exchange(Outbox(ended=ended(lost), pushes=[push(2, 1)]))

    assert (answer.queued, answer.in_flight) == (1, 1)
    assert crawl.meta("late") == 1


# --- workers that fall silent
async def test_requests_of_a_silent_worker_go_back_to_the_head_in_their_old_order(crawl):
    async with workers(crawl, "1", "2", "3") as (one, two, three):
        await one.exchange(Outbox(pushes=[push(n) for n in range(6)]))
        await one.exchange(want=2)
        await two.exchange(want=2)
        crawl.silence("1")

        answer = await three.exchange(want=4)

    assert numbers(answer) == [0, 1, 4, 5]
    assert [lease.attempts for lease in answer.leases] == [1, 1, 0, 0]
    assert crawl.meta("reclaimed") == 2


async def test_a_silence_shorter_than_the_lease_changes_nothing(crawl):
    async with workers(crawl, "1", "2", lease_seconds=60) as (one, two):
        await one.exchange(Outbox(pushes=[push(1)]))
        await one.exchange(want=1)

        answer = await two.exchange(want=1)

    assert (numbers(answer), answer.in_flight) == ([], 1)


async def test_a_request_that_kills_its_workers_is_parked(crawl):
    async with workers(crawl, "1", "2", max_attempts=2) as (one, two):
        await one.exchange(Outbox(pushes=[push(1)]))
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
        await one.exchange(Outbox(pushes=[push(1)]))
        await one.exchange(want=1)

        await one.leave()
        crawl.silence("1")
        answer = await two.exchange(want=1)

    assert numbers(answer) == [1]


# --- lost answers
async def test_an_exchange_whose_answer_was_lost_is_applied_once(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(Outbox(pushes=[push(0)]))
        held = await queue.exchange(want=1)
        pushes = [push(n, known=True) for n in (1, 2, 3, 4)]
        told = Outbox(ended=ended(held), pushes=pushes, items=1, size=9)

        lost = await queue.exchange(told, want=2)
        queue._sequence -= 1  # its answer never came
        answer = await queue.exchange(told, want=2)
        found = await queue.recover({lease.id for lease in answer.leases})

    assert (numbers(answer), found) == ([3, 4], lost.leases)
    assert answer.queued + answer.in_flight == 4
    assert (crawl.meta("items"), crawl.meta("bytes"), crawl.meta("late")) == (1, 9, 0)


async def test_a_repeated_exchange_is_applied_once_though_its_worker_was_given_up(crawl):
    async with workers(crawl, "1", "2") as (one, two):
        told = Outbox(pushes=[push(1, known=True)], items=1)
        await one.exchange(told)
        crawl.silence("1")
        await two.exchange()

        one._sequence -= 1
        answer = await one.exchange(told)

    assert answer.queued == 1
    assert crawl.meta("items") == 1


async def test_what_follows_a_lost_answer_to_an_idle_exchange_is_applied(crawl):
    async with workers(crawl, "1") as queue:
        await queue.exchange(want=1)
        queue._sequence -= 1  # there was nothing to repeat, so the next one tells what is new

        answer = await queue.exchange(Outbox(pushes=[push(1)]))

    assert answer.queued == 1


async def test_a_crawl_that_was_dropped_is_gone_for_its_workers(crawl):
    async with workers(crawl, "1") as queue:
        crawl.drop()

        with pytest.raises(FrontierGoneError):
            await queue.exchange(want=1)

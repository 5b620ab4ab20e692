"""When a crawl that nobody named is forgotten, and when it goes on."""

from __future__ import annotations

import os

import pytest

from crawlers.frontier.protocol import Outbox
from crawlers.frontier.sqlite_file import remove_stale
from tests.contracts.frontier import RedisCrawl, SqliteCrawl, ended, push, workers


def remains(crawl):
    """What of the crawl is still there: its keys, or the files in its folder."""
    if isinstance(crawl, RedisCrawl):
        return sorted(crawl.redis.scan_iter(f"{crawl.prefix}*"))
    return sorted(path.name for path in crawl.path.parent.iterdir())


async def work(queue, *, outcome="done", pushes=20):
    """Push requests of several hosts and depths, and end the first three."""
    await queue.exchange(Outbox(pushes=[push(n, n % 3, f"host{n % 5}") for n in range(pushes)]))
    answer = await queue.exchange(want=3)
    return await queue.exchange(Outbox(ended=ended(answer, outcome)))


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "relaxed"])
async def test_the_last_worker_of_an_ended_crawl_takes_all_of_it_away(crawl, strict):
    """Whether it came to its end, or to a limit with requests left."""
    async with workers(crawl, "1", "2", renew=True, strict=strict) as (one, two):
        left = await work(one)
        await two.exchange()
        await one.leave(ended=True)
        kept = remains(crawl)
        await two.leave(ended=True)

    assert left.queued == 17
    assert kept
    assert remains(crawl) == []


@pytest.mark.parametrize(
    ("renew", "asked"), [(True, False), (False, True)], ids=["stopped", "named"]
)
async def test_a_stopped_crawl_and_a_named_one_stay(crawl, renew, asked):
    async with workers(crawl, "1", renew=renew) as one:
        await work(one)
        await one.leave(ended=asked)
    queue = crawl.queue("2", renew=renew)
    new = await queue.open()
    answer = await queue.exchange()
    await queue.close()

    assert not new
    assert answer.queued == 17


async def test_a_worker_that_stops_after_another_met_its_limit_keeps_the_crawl(crawl):
    """Two runs of one command: the one with ``max_items`` must not end the other's work."""
    async with workers(crawl, "1", "2", renew=True) as (one, two):
        await work(one)
        await two.exchange()
        await one.leave(ended=True)
        await two.leave(ended=False)
    queue = crawl.queue("3", renew=True)
    new = await queue.open()
    await queue.close()

    assert not new


async def test_dead_letters_keep_an_ended_crawl_until_it_begins_anew(crawl):
    async with workers(crawl, "1", renew=True, max_attempts=1) as one:
        await work(one, outcome="fail")
        await one.leave(ended=True)
    letters = crawl.parked()
    queue = crawl.queue("2", renew=True)
    new = await queue.open()
    answer = await queue.exchange()
    await queue.close()

    assert len(letters) == 3
    assert new
    assert answer.queued == 0
    assert crawl.parked() == []


async def test_a_complete_crawl_whose_worker_was_killed_begins_anew(crawl):
    async with workers(crawl, "1", renew=True) as one:
        await one.exchange(Outbox(pushes=[push(1)]))
        await one.exchange(Outbox(ended=ended(await one.exchange(want=1))))
    late = crawl.queue("2", renew=True)
    joined = await late.open()
    await late.close()
    crawl.silence("1")
    queue = crawl.queue("3", renew=True)
    new = await queue.open()
    answer = await queue.exchange(Outbox(pushes=[push(1)]))
    await queue.close()

    assert not joined
    assert new
    assert answer.queued == 1


async def test_files_not_gone_on_with_are_removed_after_their_time(tmp_path):
    """Those asked for only, and none that a process has open, however old it looks."""
    old, kept, opened = (SqliteCrawl(tmp_path / f"{name}.db") for name in ("old", "kept", "opened"))
    for crawl in (old, kept):
        async with workers(crawl, "1") as queue:
            await work(queue)
    async with workers(opened, "1") as queue:
        await work(queue)
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        none = remove_stale(tmp_path, 1e6, chosen=bool)
        removed = remove_stale(tmp_path, 30, chosen=lambda name: name != "kept")
        still = await queue.exchange()

    assert none == []
    assert removed == ["old"]
    assert still.queued == 17
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.db", "opened.db"]

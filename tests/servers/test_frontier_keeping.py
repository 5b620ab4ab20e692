"""What only one of the frontier's queues does: buckets in Redis, a file on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from crawlers.frontier.protocol import Outbox
from gleanery.errors import FrontierError, FrontierFullError, FrontierUnavailableError
from tests.contracts.frontier import RedisCrawl, SqliteCrawl, ended, push, workers


async def test_redis_splits_its_buckets_so_that_all_stay_compact(redis_url):
    """Linear hashing: every set remains an intset, and no fingerprint is forgotten by a split."""
    crawl = RedisCrawl(redis_url, "growth")
    batches = [[push(n) for n in range(start, start + 500)] for start in range(0, 20_000, 500)]
    async with workers(crawl, "1") as queue:
        for batch in batches:
            answer = await queue.exchange(Outbox(pushes=batch))
        for batch in batches[::8]:
            again = await queue.exchange(Outbox(pushes=batch))

    keys = list(crawl.redis.scan_iter(f"{crawl.prefix}seen:*", count=1000))
    memory = sum(crawl.redis.memory_usage(key, samples=0) for key in keys)
    assert {crawl.redis.object("ENCODING", key) for key in keys} == {"intset"}
    assert answer.queued == again.queued == 20_000
    assert crawl.meta("repeated") == 2_500
    assert memory / 20_000 <= 12
    crawl.close()


async def test_a_full_redis_ends_what_frees_room_and_applies_the_rest_once_later(redis_url):
    """The worker stays alive meanwhile, and what waits keeps its number."""
    crawl = RedisCrawl(redis_url, "full")
    async with workers(crawl, "1") as queue:
        held = await queue.exchange(Outbox(pushes=[push(n) for n in range(3)]), want=3)
        box = Outbox(ended=ended(held), pushes=[push(9, 1)], parents={held.leases[0].id})
        crawl.silence("1")
        crawl.redis.config_set("maxmemory", "1")
        try:
            with pytest.raises(FrontierFullError):
                await queue.exchange(box)
            light = box.light()
            can = await queue.relieve(light)
            flying = crawl.redis.hgetall(f"{crawl.prefix}inflight")
            (beat,) = crawl.redis.zrange(f"{crawl.prefix}workers", 0, -1, withscores=True)
        finally:
            crawl.redis.config_set("maxmemory", "0")
        answer = await queue.exchange(box)

    assert light == ended(held)[1:]
    if not can:
        pytest.skip("this Redis is older than 7")
    assert (flying, beat[1] > 1) == ({"0": "1"}, True)
    assert (answer.queued, answer.in_flight) == (1, 0)
    crawl.close()


def test_what_may_belong_to_a_lost_child_is_not_ended_by_itself():
    box = Outbox(ended=[("1", "done"), ("2", "fail")], pushes=[push(1)], parents={"1"})

    assert box.light() == [("2", "fail")]
    box.orphans = 1
    assert box.light() == []


async def test_a_file_begins_a_crawl_anew_only_if_asked_and_nobody_works_on_it(tmp_path):
    crawl = SqliteCrawl(tmp_path / "one.db")
    async with workers(crawl, "1", "2") as (one, two):
        await one.exchange(Outbox(pushes=[push(1)]))
        await one.exchange(Outbox(ended=ended(await one.exchange(want=1))))
        await two.exchange()
        answers = []
        for renew in (False, True):
            async with workers(crawl, "3", renew=renew) as late:
                answers.append(await late.exchange(Outbox(pushes=[push(1)])))
                await late.leave()
        await one.leave()
        await two.leave()

    async with workers(crawl, "4", renew=True) as new:
        answers.append(await new.exchange(Outbox(pushes=[push(1)])))

    assert [answer.queued for answer in answers] == [0, 0, 1]


async def test_a_file_that_another_process_holds_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("crawlers.frontier.sqlite_queue.BUSY_SECONDS", 0.01)
    crawl = SqliteCrawl(tmp_path / "busy.db")
    async with workers(crawl, "1") as queue:
        with closing(sqlite3.connect(crawl.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FrontierUnavailableError, match="locked"):
                await queue.exchange(Outbox(pushes=[push(1)]))

        answer = await queue.exchange(Outbox(pushes=[push(1)]))

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

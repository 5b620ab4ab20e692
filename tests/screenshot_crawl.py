"""What the pictures show of a job that runs: its crawl half way, its charts, its tree."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Outbox, Push, Rules
from crawlers.frontier.sqlite_queue import SqliteQueue
from storage.branch import Branch
from storage.jobs.history import STEP_SECONDS, JobHistory
from storage.jobs.sample import Sample

if TYPE_CHECKING:
    from pathlib import Path

    from storage.jobs import JobLedger

WIDTHS = (6, 60, 240, 300)
"""Requests of each depth."""
FETCHED, UNDER_WAY, SAMPLES = 220, 12, 150
HOSTS = ("www.reddit.com", "news.example", "blog.example", "video.example")
STATS = {
    "response_received_count": 300, "item_scraped_count": 240, "focus/wanted": 180,
    "focus/off_topic": 60, "classify/category/food": 180, "classify/category/news_media": 60,
}  # fmt: skip


async def fill_frontier(file: Path) -> None:
    """Leave the queue of a crawl with ``FETCHED`` requests done and ``UNDER_WAY`` on loan."""
    queue = SqliteQueue(file, "node-1", Rules(lease_seconds=86_400))
    await queue.open()
    pushes = [_push(depth, n) for depth, width in enumerate(WIDTHS) for n in range(width)]
    answer = await queue.exchange(Outbox(pushes=pushes), want=WIDTHS[0])
    left = FETCHED
    while left:
        done = answer.leases[:left]
        left -= len(done)
        ended = [(lease.id, "done") for lease in done]
        answer = await queue.exchange(Outbox(ended=ended), want=min(max(left, UNDER_WAY), 60))
    await queue.close()


def _push(depth: int, number: int) -> Push:
    host = HOSTS[number % len(HOSTS)]
    body = json.dumps({"v": 1, "url": f"https://{host}/{depth}/{number}"}).encode()
    fingerprint = hashlib.sha1(body).digest()
    return Push(fingerprint=fingerprint, depth=depth, host=host, body=body)


def draw(ledger: JobLedger, job: str) -> None:
    """Keep points of charts and a tree, as five minutes of such a job leave them."""
    history, now = JobHistory(ledger), int(time.time())
    history.keep((job, _sample(n, now + (n - SAMPLES) * STEP_SECONDS)) for n in range(SAMPLES))
    history.keep_branches(job, [
        Branch(
            seed="reddit:subreddit=korea", depth=depth, host=host, above=HOSTS[0] if depth else "",
            pages=90 // (depth + number + 1), wanted=0 if number == 2 else 40 // (depth + 1),
            off_topic=5 * number,
        )
        for depth in range(3)
        for number, host in enumerate(HOSTS[: 4 if depth else 1])
    ])  # fmt: skip


def _sample(number: int, at: int) -> Sample:
    done = number * 2
    return Sample(
        at=at, pages=done, items=done * 4 // 5,
        categories={"food": done // 2, "news_media": done // 5},
        wanted=done // 2, off_topic=done // 5, errors={"timeout": number // 40},
        queues={"classify": number % 7, "store": number % 3}, model_answers=done,
        model_seconds=done * (0.03 + number % 11 / 1000),
        depths=[
            (depth, max(width - done // 4, 0), 4, min(done // 4, width), depth, 0)
            for depth, width in enumerate(WIDTHS)
        ],
    )  # fmt: skip

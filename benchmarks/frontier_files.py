"""Queues of crawls in files, as full as long crawls leave them."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Outbox, Push, Rules
from crawlers.frontier.sqlite_queue import SqliteQueue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTS, BATCH = 300, 500


async def fill_crawls(files: Sequence[Path], *, requests: int, depths: int) -> None:
    """Make the queue of one crawl, ``requests`` on ``depths`` levels, and copies of it."""
    first, *others = files
    queue = SqliteQueue(first, "a", Rules())
    await queue.open()
    for start in range(0, requests, BATCH):
        pushes = [_push(n, depths) for n in range(start, start + BATCH)]
        await queue.exchange(Outbox(pushes=pushes))
    await queue.close()
    for other in others:
        shutil.copyfile(first, other)


def _push(number: int, depths: int) -> Push:
    """Return the page ``number`` as a spider's request would be queued."""
    host = f"h{number % HOSTS}.example"
    body = json.dumps({"v": 1, "url": f"http://{host}/{number}"}).encode()
    fingerprint = hashlib.sha1(body).digest()
    return Push(fingerprint=fingerprint, depth=number % depths, host=host, body=body)

"""Work that waits for whoever has time: the videos that crawls have found.

``docs/work.md`` draws the states of a job and says what is promised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.work.job import Counts, Failure, Held, Job, Rules
from storage.work.queue import WorkQueue
from storage.work.sqlite_queue import SqliteWorkQueue

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Counts", "Failure", "Held", "Job", "Rules", "WorkQueue", "open_queue"]


def open_queue(redis_url: str, home: Path, rules: Rules | None = None) -> WorkQueue:
    """Return the queue in Redis, or in ``HOME/work.db`` if there is none; not yet opened."""
    if not redis_url:
        return SqliteWorkQueue(home / "work.db", rules)
    # redis belongs to the extra `server`: a laptop must not need it
    from storage.work.redis_queue import RedisWorkQueue  # noqa: PLC0415

    return RedisWorkQueue(redis_url, rules)

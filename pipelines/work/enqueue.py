"""Put jobs for items that are stored already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from items import item_from_dict
from pipelines.work.plan import Wishes, steps_for
from platforms.media import refusal, video_sources
from storage.work import Rules, open_queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from gleanery.config import Config
    from storage import Store
    from storage.work import WorkQueue


def queue_of(config: Config) -> WorkQueue:
    """Return the work queue that the configuration names, not yet opened."""
    rules = Rules(lease_seconds=config.work_lease_seconds, max_attempts=config.work_attempts)
    return open_queue(config.redis_url, config.home, rules)


def enqueue_missing(
    config: Config,
    store: Store,
    queue: WorkQueue,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Put a job for every stored item with a video; what is queued or done is left as it is.

    Args:
        config: Says which steps are wanted now; new ones are added to jobs that were done.
        store: Open.
        queue: Open; its limit does not count here.
        progress: Called with the number of items looked at.

    Returns:
        How many jobs were ``queued``, or were ``known`` with all their steps.
    """
    wishes, counts = Wishes.of(config), {"queued": 0, "known": 0}
    for number, row in enumerate(store.scan(kinds=["video", "post", "article"]), 1):
        item = item_from_dict(row)
        if video_sources(item) and not refusal(
            item, licence=config.media_licence, max_seconds=config.media_max_seconds
        ):
            counts[queue.put(item.identity, steps_for(item, wishes))] += 1
        if number % 100 == 0:
            progress(number)
    return counts

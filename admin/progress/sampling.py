"""A sample of a job: out of its stats, and what its frontier holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from crawlers.error_kinds import ERRORS
from storage.jobs.sample import DEPTHS, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlers.frontier.report import DepthCounts
    from storage.jobs import Job

CATEGORY = "classify/category/"


def sample_of(
    job: Job, depths: Sequence[DepthCounts] | None, *, at: int, vectorize: int = 0
) -> Sample:
    """Return a sample.

    Args:
        job: With its last stats.
        depths: What its frontier holds; ``None`` = nobody knows.
        at: Now, in seconds since 1970.
        vectorize: Videos that wait in the work queue, of all jobs.
    """
    stats = job.stats
    errors: Counter[str] = Counter()
    for name, kind in ERRORS.items():
        if number := _whole(stats, name):
            errors[kind] += number
    waiting = {
        "classify": _whole(stats, "classify/waiting"),
        "vectorize": vectorize,
        "store": _whole(stats, "store/queued") + _whole(stats, "store/waiting_items"),
    }
    return Sample(
        at=at, attempt=job.attempt, pages=_whole(stats, "response_received_count"),
        items=_whole(stats, "item_scraped_count"), wanted=_whole(stats, "focus/wanted"),
        off_topic=_whole(stats, "focus/off_topic"), errors=dict(errors), queues=waiting,
        categories={
            name.removeprefix(CATEGORY): _whole(stats, name)
            for name in stats if name.startswith(CATEGORY)
        },
        model_seconds=_number(stats, "classify/waited_ms") / 1000,
        model_answers=_whole(stats, "classify/asked"),
        depths=None if depths is None else [_row(each) for each in depths[:DEPTHS]],
    )  # fmt: skip


def _row(counts: DepthCounts) -> tuple[int, int, int, int, int, int]:
    c = counts
    return c.depth, c.queued, c.in_flight, c.done, c.pruned, c.dead


def _whole(stats: dict[str, Any], name: str) -> int:
    return int(_number(stats, name))


def _number(stats: dict[str, Any], name: str) -> float:
    value = stats.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0

"""When a crawl will be at its end: from how its frontier shrinks, and from its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlers.frontier.report import FrontierReport
    from storage.jobs.sample import Sample

WINDOW_SECONDS = 120
"""Of the past that is looked at."""
LEAST_SECONDS = 10
"""Of it without which nothing is said."""
LONGEST_SECONDS = 30 * 86400.0
"""A slope that leads further than that leads nowhere."""
By = Literal[
    "frontier", "max_pages", "max_items", "deadline", "grows", "paused", "unknown", "ended"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is to be expected."""

    seconds: float | None
    """Until the end; ``None`` = nobody can say."""
    by: By
    """What ends it, or why nobody can say: the frontier does not shrink, it is paused …"""


def outlook(samples: Sequence[Sample], report: FrontierReport | None) -> Outlook:
    """Return when a crawl will be at its end.

    The slope is that of the least squares through what is queued or in flight. Whichever comes
    first counts: the frontier's end, or a limit of the crawl.

    Args:
        samples: Of the last while, in order, the newest one of now.
        report: What the frontier holds now; ``None`` = nobody knows.
    """
    if report is None:
        return Outlook(seconds=None, by="unknown")
    if report.state == "paused":
        return Outlook(seconds=None, by="paused")
    known = [s for s in samples if s.depths is not None]
    long_enough = bool(known) and known[-1].at - known[0].at >= LEAST_SECONDS
    ends = _limits(report, known if long_enough else [])
    if long_enough:
        slope = _slope([(s.at, (s.total(1) or 0) + (s.total(2) or 0)) for s in known])
        left = report.queued + report.in_flight
        if slope < 0 and left / -slope <= LONGEST_SECONDS:
            ends.append(Outlook(seconds=round(left / -slope, 1), by="frontier"))
    if not ends:
        return Outlook(seconds=None, by="grows" if long_enough else "unknown")
    return min(ends, key=lambda end: end.seconds or 0.0)


def _limits(report: FrontierReport, known: Sequence[Sample]) -> list[Outlook]:
    """Return when each limit will be met at the present speed."""
    ends: list[Outlook] = []
    budgets = report.budgets
    if deadline := budgets.get("deadline"):
        ends.append(Outlook(seconds=max(0.0, (deadline - report.at_ms) / 1000), by="deadline"))
    if not known or known[0].attempt != known[-1].attempt:
        return ends
    first, last = known[0], known[-1]
    seconds = last.at - first.at
    pages = ((last.total(3) or 0) - (first.total(3) or 0)) / seconds
    items = (last.items - first.items) / seconds
    if (most := budgets.get("max_pages")) and pages > 0:
        left = max(0, most - report.done)
        ends.append(Outlook(seconds=round(left / pages, 1), by="max_pages"))
    if (most := budgets.get("max_items")) and items > 0:
        left = max(0, most - report.counters.get("items", 0))
        ends.append(Outlook(seconds=round(left / items, 1), by="max_items"))
    return ends


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line through ``points`` by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0

"""What a job's page and its JSON show of how it gets on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from admin.picture import levels
from admin.progress.charts import OTHERS, Chart, charts, latest
from admin.progress.drawing import Drawing, drawn
from admin.progress.outlook import Outlook
from admin.progress.tree import tree
from crawlers.frontier.report import DepthCounts
from items import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.look import Look
    from admin.progress.recorder import Now
    from storage.branch import Branch
    from storage.jobs.sample import Sample

TITLES = {
    "speed": "Speed, each second",
    "frontier": "Frontier",
    "depths": "To be fetched, by depth",
    "categories": "Items by category",
    "wanted": "Share wanted",
    "errors": "Errors by kind",
    "queues": "Waiting for a step",
    "model": "Model server's answer, milliseconds",
}
SERIES = {
    "pages": "Pages",
    "items": "Items",
    "in_flight": "in flight",
    "wanted_share": "Share wanted",
    "milliseconds": "Milliseconds",
    OTHERS: "others",
}
"""Names of series that are not their own text."""
REASONS = {
    "frontier": "as the frontier shrinks",
    "max_pages": "limit of pages",
    "max_items": "limit of items",
    "deadline": "limit of time",
    "grows": "nobody can say: the frontier does not shrink",
    "paused": "nobody can say: the crawl is paused",
    "unknown": "nobody can say yet",
    "ended": "It has ended.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How a job gets on, and got on before; numbers of series stand one at each time."""

    job: str
    at: list[int]
    """Seconds since 1970, in order, the last one of now or of the end."""
    charts: list[Chart]
    depths: list[DepthCounts]
    """Of the frontier when it was last seen: the first 24 levels."""
    outlook: Outlook


def progress(job: str, before: Sequence[Sample], now: Now) -> JobProgress:
    """Put together what was kept of a job, in order, and how it is now."""
    last = now.recent[-1]
    samples = [*(s for s in before if s.at < last.at), last]
    seen = next((s.depths for s in reversed(samples) if s.depths), [])
    return JobProgress(
        job=job, at=[s.at for s in samples], charts=charts(samples),
        depths=[_counts(row) for row in seen], outlook=now.outlook,
    )  # fmt: skip


def point(now: Now) -> dict[str, Any]:
    """Return the last point of every chart, for those who have the others."""
    return {"at": now.recent[-1].at, "charts": latest(now.recent)}


def shown(found: JobProgress, branches: Sequence[Branch]) -> dict[str, Any]:
    """Return what templates need: ``drawings``, ``levels``, ``tree`` and the rest as it is."""
    drawings: list[Drawing] = [drawn(chart, found.at) for chart in found.charts]
    return {
        "progress": found, "drawings": drawings, "titles": TITLES, "reasons": REASONS,
        "span": (1000 * found.at[0], 1000 * found.at[-1]), **pictures(found.depths, branches),
    }  # fmt: skip


def pictures(depths: Sequence[DepthCounts], branches: Sequence[Branch]) -> dict[str, Any]:
    """Return what the template of the pictures needs."""
    return {"depths": depths, "levels": levels(depths), "tree": tree(branches)}


def current(now: Now) -> dict[str, Any]:
    """Return :func:`pictures` of this moment."""
    seen = next((s.depths for s in reversed(now.recent) if s.depths), [])
    return pictures([_counts(row) for row in seen], now.branches)


def named(chart: str, series: str, look: Look) -> str:
    """Return what a series is called, in the visitor's language."""
    if chart == "depths" and series != OTHERS:
        return f"{look.say('Depth')} {series}"
    if chart == "categories" and series != OTHERS:
        return _categories().get((series, look.language), series)
    return look.say(SERIES.get(series, series.replace("_", " ")))


@cache
def _categories() -> dict[tuple[str, str], str]:
    """Return the names of categories by key and language, as they are until the next start."""
    found = load_taxonomy().categories
    return {(c.key, "ko"): c.name_ko for c in found} | {(c.key, "en"): c.name_en for c in found}


def _counts(row: tuple[int, int, int, int, int, int]) -> DepthCounts:
    depth, queued, in_flight, done, pruned, dead = row
    return DepthCounts(
        depth=depth, queued=queued, in_flight=in_flight, done=done, pruned=pruned, dead=dead
    )

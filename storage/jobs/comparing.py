"""A job beside the runs before it that were asked for the same; and whether it is out of line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from storage.jobs.job import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.jobs.job import Job

RUNS = 10
"""Earlier runs that a job is compared with, at most."""
LEAST_RUNS = 3
"""Earlier runs without which nothing is called out of line."""
FEWEST = 0.5
"""Of the median of pages, items and the wanted share: less than that is too few."""
MOST = 3.0
"""Times the median of errors (of one error, if it is less): more than that is too many."""
_PAGES, _ITEMS = "response_received_count", "item_scraped_count"
_ERRORS, _WANTED, _OFF = "log_count/ERROR", "focus/wanted", "focus/off_topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run came to; of a running job, so far."""

    pages: float
    items: float
    errors: float
    seconds: float
    wanted_share: float | None
    """0 … 1 of the items judged; ``None`` if none was, as no category was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One job with its figures."""

    job: str
    state: str
    started_at: str | None
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A figure that is out of line."""

    figure: str
    """Name of a field of :class:`Figures`."""
    value: float
    usual: float
    """The median of the runs before."""

    def __str__(self) -> str:
        return f"{self.figure} {self.value:.4g}, usually {self.usual:.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A job and those before it."""

    this: Run
    before: list[Run]
    """The newest first."""
    usual: dict[str, float]
    """The median of each figure that any run before has."""
    ratio: dict[str, float]
    """This run's figure by the median, where that is more than 0."""
    anomalies: list[Anomaly]


def compare(job: Job, before: Sequence[Job]) -> Comparison:
    """Hold a job against the runs before it.

    Args:
        job: Running or ended.
        before: Finished in one attempt, the newest first; see ``JobLedger.runs_before``.
    """
    this, runs = _run(job), [_run(each) for each in before]
    usual: dict[str, float] = {}
    for name in Figures.__slots__:
        values = [v for run in runs if (v := getattr(run.figures, name)) is not None]
        if values:
            usual[name] = float(median(values))
    ratio = {
        name: value / normal
        for name, normal in usual.items()
        if normal > 0 and (value := getattr(this.figures, name)) is not None
    }
    known = len(runs) >= LEAST_RUNS and job.attempt == 1
    found = _anomalies(this.figures, usual, ended=job.ended_at is not None) if known else []
    return Comparison(this=this, before=runs, usual=usual, ratio=ratio, anomalies=found)


def _anomalies(this: Figures, usual: dict[str, float], *, ended: bool) -> list[Anomaly]:
    found = []
    for name, normal in usual.items():
        value = getattr(this, name)
        if value is None:
            continue
        few = ended and name in {"pages", "items", "wanted_share"} and value < FEWEST * normal
        if few or (name == "errors" and value > MOST * max(normal, 1.0)):
            found.append(Anomaly(figure=name, value=value, usual=normal))
    return found


def _run(job: Job) -> Run:
    return Run(job=job.job, state=job.state, started_at=job.started_at, figures=_figures(job))


def _figures(job: Job) -> Figures:
    wanted = _count(job, _WANTED)
    judged = wanted + _count(job, _OFF)
    until = datetime.fromisoformat(job.ended_at or instant())
    begun = datetime.fromisoformat(job.started_at) if job.started_at else until
    return Figures(
        pages=_count(job, _PAGES), items=_count(job, _ITEMS), errors=_count(job, _ERRORS),
        seconds=max((until - begun).total_seconds(), 0.0),
        wanted_share=wanted / judged if judged else None,
    )  # fmt: skip


def _count(job: Job, name: str) -> float:
    value = job.stats.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0

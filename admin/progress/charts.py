"""Series out of samples: what the charts of a job show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from storage.jobs.sample import Sample

WINDOW_SECONDS = 10
"""Rates are over so long at least: a job says once a second what it has counted."""
LINES = 6
"""Series of a chart at most: the largest ones, the others together."""
OTHERS = "other"
Values = list[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart; its series share the times of all charts of the job."""

    name: str
    """E.g. ``speed``."""
    series: dict[str, Values]
    """By name, in the order of drawing; ``None`` where nobody knew."""


def charts(samples: Sequence[Sample]) -> list[Chart]:
    """Return all charts of a job: at every sample one value of every series."""
    before = _befores(samples)
    return [
        Chart(name="speed", series={
            "pages": _rates(samples, before, lambda s: s.pages),
            "items": _rates(samples, before, lambda s: s.items),
        }),
        Chart(name="frontier", series={
            name: [s.total(state) for s in samples]
            for state, name in enumerate(("queued", "in_flight", "done", "pruned"), 1)
        }),
        *(Chart(name=name, series=_largest(samples, of)) for name, of in _MANY.items()),
        Chart(name="wanted", series={"wanted_share": [_share(s) for s in samples]}),
        Chart(name="queues", series={
            name: [s.queues.get(name, 0) for s in samples]
            for name in ("classify", "vectorize", "store")
        }),
        Chart(name="model", series={"milliseconds": _latency(samples, before)}),
    ]  # fmt: skip


def latest(samples: Sequence[Sample]) -> dict[str, dict[str, float | None]]:
    """Return the last value of every series by chart; where series are many, of all of them."""
    last = samples[-1]
    found = {
        chart.name: {name: values[-1] for name, values in chart.series.items()}
        for chart in charts(samples)
    }
    return found | {name: dict(of(last)) for name, of in _MANY.items()}


def _befores(samples: Sequence[Sample]) -> list[Sample | None]:
    """Return for each sample the one that its rates are counted from.

    That is the last one of its attempt that is ``WINDOW_SECONDS`` older, else the first one; of the
    first one it is ``None``.
    """
    found: list[Sample | None] = []
    first = 0
    for number, sample in enumerate(samples):
        while first < number and samples[first].attempt != sample.attempt:
            first += 1
        while first + 1 < number and samples[first + 1].at <= sample.at - WINDOW_SECONDS:
            first += 1
        found.append(samples[first] if first < number else None)
    return found


def _rates(
    samples: Sequence[Sample], before: Sequence[Sample | None], of: Callable[[Sample], int]
) -> Values:
    return [
        None if old is None else round(max(0, of(s) - of(old)) / max(s.at - old.at, 1), 2)
        for s, old in zip(samples, before, strict=True)
    ]


def _latency(samples: Sequence[Sample], before: Sequence[Sample | None]) -> Values:
    """Return the mean time to an answer; ``None`` where there was none."""
    found: Values = []
    for s, old in zip(samples, before, strict=True):
        answers = s.model_answers - (old.model_answers if old else 0)
        seconds = s.model_seconds - (old.model_seconds if old else 0)
        found.append(round(1000 * max(seconds, 0) / answers, 1) if answers > 0 else None)
    return found


def _share(sample: Sample) -> float | None:
    judged = sample.wanted + sample.off_topic
    return round(sample.wanted / judged, 4) if judged else None


def _open_by_depth(sample: Sample) -> dict[str, int]:
    """Return what is queued or in flight, by depth."""
    return {str(row[0]): row[1] + row[2] for row in sample.depths or ()}


def _largest(
    samples: Sequence[Sample], of: Callable[[Sample], Mapping[str, int]]
) -> dict[str, Values]:
    """Return the series that were largest at any time, by name; what is left counts together."""
    most: dict[str, int] = {}
    for sample in samples:
        for name, number in of(sample).items():
            most[name] = max(most.get(name, 0), number)
    ranked = sorted(most, key=lambda name: (-most[name], name))
    shown = sorted(ranked if len(ranked) <= LINES else ranked[: LINES - 1], key=_in_order)
    series: dict[str, Values] = {n: [of(s).get(n, 0) for s in samples] for n in shown}
    if len(ranked) > len(shown):
        series[OTHERS] = [
            sum(number for name, number in of(s).items() if name not in series) for s in samples
        ]
    return series


def _in_order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (0, name)


_MANY: dict[str, Callable[[Sample], Mapping[str, int]]] = {
    "depths": _open_by_depth,
    "categories": lambda s: s.categories,
    "errors": lambda s: s.errors,
}
"""Charts whose series are those that there happen to be."""

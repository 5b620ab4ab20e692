"""Charts as pictures that need no script: paths of an SVG, and the values of now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.jobs.sample import picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.progress.charts import Chart, Values

WIDTH, HEIGHT = 600, 150
"""Of a picture, in its own units."""
POINTS = 60
"""Points of a line at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series."""

    name: str
    number: int
    """Its place in the chart, 0 …: says how it is drawn."""
    path: str
    """``d`` of an SVG path; empty if nothing is known."""
    last: float | None
    """The last value that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One chart."""

    name: str
    most: float
    """Value at its upper edge; the lower one is 0."""
    lines: list[Line]


def drawn(chart: Chart, times: Sequence[int]) -> Drawing:
    """Draw a chart over ``times``, seconds since 1970, one for each value."""
    most = max((v for values in chart.series.values() for v in values if v is not None), default=0)
    lines = [
        Line(
            name=name, number=number, path=_path(values, times, most),
            last=next((v for v in reversed(values) if v is not None), None),
        )
        for number, (name, values) in enumerate(chart.series.items())
    ]  # fmt: skip
    return Drawing(name=chart.name, most=most, lines=lines)


def _path(values: Values, times: Sequence[int], most: float) -> str:
    """Return the line; where nobody knew, it is broken."""
    if len(times) < 2:
        return ""
    span, words, pen = max(times[-1] - times[0], 1), [], "M"
    for index in picked(len(values), POINTS):
        value = values[index]
        if value is None:
            pen = "M"
            continue
        x = WIDTH * (times[index] - times[0]) / span
        y = HEIGHT * (1 - value / most) if most else float(HEIGHT)
        words.append(f"{pen}{x:.0f} {y:.0f}")
        pen = "L"
    return "".join(words)

"""A dashboard before it is Grafana's: rows of charts with their expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "s", "bytes", "reqps", "ops", "percentunit", "Bps", "dateTimeFromNow"]
"""Grafana's own names of units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One expression in PromQL and the legend of what it gives."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One panel."""

    title: str
    korean: str
    """The same in Korean; shown as the panel's description."""
    queries: tuple[Query, ...]
    unit: Unit = "short"
    kind: Literal["lines", "stacked", "number"] = "lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard."""

    uid: str
    """Also the name of its file."""
    title: str
    rows: tuple[tuple[str, tuple[Chart, ...]], ...]
    """Heading and charts of each row."""


def lines(title: str, korean: str, expr: str, legend: str = "", *, unit: Unit = "short") -> Chart:
    """Return a chart of lines with one expression."""
    return Chart(title=title, korean=korean, queries=(Query(expr=expr, legend=legend),), unit=unit)


def stacked(title: str, korean: str, expr: str, legend: str = "", *, unit: Unit = "short") -> Chart:
    """Return a chart of areas one above the other."""
    query = Query(expr=expr, legend=legend)
    return Chart(title=title, korean=korean, queries=(query,), unit=unit, kind="stacked")


def number(title: str, korean: str, expr: str, *, unit: Unit = "short") -> Chart:
    """Return one number."""
    return Chart(title=title, korean=korean, queries=(Query(expr=expr),), unit=unit, kind="number")


def shares(title: str, korean: str, metric: str, by: str) -> Chart:
    """Return the median and the 95th and 99th percentile of a histogram of seconds."""
    return Chart(
        title=title,
        korean=korean,
        unit="s",
        queries=tuple(
            Query(
                expr=f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket[5m])))",
                legend=f"{{{{{by}}}}} p{share * 100:.0f}",
            )
            for share in (0.5, 0.95, 0.99)
        ),
    )

"""Counts over time, in as many columns as fit a page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from items.clock import from_iso

MAX_COLUMNS = 45
MIN_COLUMNS = 12
"""Fewer would look like blocks; empty ones are put in front."""
EARLY_SHARE = 0.04
"""Oldest items that may share one column: a single old one must not flatten all others."""
MINUTE = len("2026-11-23T04:30")
"""Characters of an ISO 8601 instant that name its minute."""
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A span of time: ``length``, or whole months where that is ``None``."""

    form: str
    """Of its label, for ``strftime``."""
    length: timedelta | None = None
    months: int = 0

    def floor(self, at: datetime) -> datetime:
        """Return the start of the span that ``at`` is in."""
        if self.length:
            return at - (at - _MONDAY) % self.length
        day = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return day if self.months == 1 else day.replace(month=1)

    def step(self, start: datetime, count: int) -> datetime:
        """Return the start of the span ``count`` spans after the one that starts at ``start``."""
        if self.length:
            return start + count * self.length
        months = start.year * 12 + start.month - 1 + count * self.months
        return start.replace(year=months // 12, month=months % 12 + 1)


UNITS = (
    Unit("%H:%M", timedelta(minutes=1)),
    Unit("%H:%M", timedelta(minutes=10)),
    Unit("%m-%d %H:00", timedelta(hours=1)),
    Unit("%m-%d %H:00", timedelta(hours=6)),
    Unit("%Y-%m-%d", timedelta(days=1)),
    Unit("%Y-%m-%d", timedelta(weeks=1)),
    Unit("%Y-%m", months=1),
    Unit("%Y", months=12),
)


def columns(minutes: Counter[str]) -> list[Column]:
    """Sort counts by minute into columns of the finest unit that gives few enough.

    Args:
        minutes: ISO 8601 instants in UTC cut to :data:`MINUTE` characters, and their counts.
    """
    instants = Counter({_instant(minute): count for minute, count in minutes.items()})
    if not instants:
        return []
    first, last = _first(instants), max(instants)
    unit = next((u for u in UNITS if len(_starts(u, first, last)) <= MAX_COLUMNS), UNITS[-1])
    starts = _starts(unit, first, last)[-MAX_COLUMNS:]
    while len(starts) < MIN_COLUMNS:
        starts.insert(0, unit.step(starts[0], -1))
    counts = Counter[datetime]()
    for at, count in instants.items():
        counts[unit.floor(at)] += count
    shown = [Column(at.strftime(unit.form), counts[at]) for at in starts]
    early = instants.total() - sum(column.count for column in shown)
    return [Column(f"… {shown[0].label}", early), *shown] if early else shown


def _first(instants: Counter[datetime]) -> datetime:
    spare = int(instants.total() * EARLY_SHARE)
    for at in sorted(instants):
        spare -= instants[at]
        if spare < 0:
            return at
    return max(instants)


def _starts(unit: Unit, first: datetime, last: datetime) -> list[datetime]:
    starts = [unit.floor(first)]
    while (following := unit.step(starts[-1], 1)) <= last:
        starts.append(following)
        if len(starts) > 10 * MAX_COLUMNS:  # too fine by far: no need to count on
            break
    return starts


def _instant(minute: str) -> datetime:
    at = from_iso(minute)
    assert at is not None
    return at

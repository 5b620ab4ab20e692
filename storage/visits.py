"""When an item is visited again, and what is kept of earlier visits.

The next visit is due when the item is expected to have moved by ``revisit_target``: with a
movement *m* in a time *t*, that is *t · target / m* from now. This is the estimate of a change rate
from visits at uneven intervals, as in Cho & Garcia-Molina, "Estimating Frequency of Change" (ACM
TOIT 3(3), 2003), for a number that moves instead of a page that changes; the factor by which one
visit may change the interval is bounded, as in Apache Nutch's ``AdaptiveFetchSchedule``. What does
not move is visited at intervals that double up to the longest one, and then is dead: "Effective
Page Refresh Policies for Web Crawlers" (Cho & Garcia-Molina, ACM TODS 28(4), 2003) shows why visits
of what changes too rarely are wasted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from items.visit import VISITED_KINDS, Observation, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from items import Item
    from storage.options import StoreOptions

QUICKER, SLOWER = 0.25, 2.0
"""By how much one visit may change the interval."""
FIRST_SHARE = 0.25
"""Of an item's age: its first interval."""
UNKNOWN_AGE_HOURS = 24.0
KEEP_EVERY = timedelta(days=1)
"""A visit that finds nothing moved is kept as a point of the series only so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The schedule's bounds; each is a setting, see docs/revisits.md."""

    min_hours: float = 1.0
    max_hours: float = 336.0
    target: float = 0.1
    patience: int = 3
    points: int = 64

    @classmethod
    def of(cls, options: StoreOptions) -> Policy:
        """Read the settings."""
        return cls(
            min_hours=options.revisit_min_hours,
            max_hours=max(options.revisit_max_hours, options.revisit_min_hours),
            target=options.revisit_target,
            patience=options.revisit_patience,
            points=options.revisit_points,
        )

    def bounded(self, hours: float) -> float:
        """Return an interval between the shortest and the longest."""
        return min(max(hours, self.min_hours), self.max_hours)

    def first(self, age_hours: float | None) -> float:
        """Return the first interval, in hours, of an item of that age."""
        share = UNKNOWN_AGE_HOURS if age_hours is None else age_hours * FIRST_SHARE
        return self.bounded(share)

    def following(self, elapsed_hours: float, movement: float) -> float:
        """Return the next interval in hours, after ``movement`` in ``elapsed_hours``."""
        factor = self.target / movement if movement else SLOWER
        return self.bounded(elapsed_hours * min(max(factor, QUICKER), SLOWER))


def followed(items: Sequence[Item]) -> dict[str, Item]:
    """Return those of ``items`` that are visited again, by identity; of copies the last."""
    return {item.identity: item for item in items if item.kind in VISITED_KINDS}


def observed(known: dict[str, Any] | None, item: Item, policy: Policy) -> dict[str, Any] | None:
    """Return an item's record after a visit; ``None`` if the visit tells nothing new."""
    seen = Observation.of(item)
    if known is None:
        visit = Visit(key=item.identity, group=item.platform, url=item.url, points=[seen])
        _begin(visit, item, policy)
        return _ended(visit, item)
    visit = Visit.from_dict(known)
    if visit.visited_at and seen.at <= visit.visited_at:
        return None
    _go_on(visit, seen, policy)
    visit.url, visit.tries = item.url, 0
    return _ended(visit, item)


def _ended(visit: Visit, item: Item) -> dict[str, Any]:
    """Return the record; of an item that its platform no longer has, no visit is ever due."""
    visit.gone_at = item.deleted_at_source
    visit.at = None if visit.gone_at else visit.at
    return visit.to_dict()


def _begin(visit: Visit, item: Item, policy: Policy) -> None:
    age = (item.fetched_at - item.published_at) / timedelta(hours=1) if item.published_at else None
    visit.visited_at, visit.interval_hours = item.fetched_at, policy.first(age)
    visit.at = _later(visit, policy)


def _go_on(visit: Visit, seen: Observation, policy: Policy) -> None:
    last = visit.points[-1]
    elapsed = (seen.at - (visit.visited_at or last.at)) / timedelta(hours=1)
    movement = seen.movement(last)
    hours = policy.following(elapsed, movement)
    early = elapsed < visit.interval_hours / 2
    if not early or (hours < visit.interval_hours and movement >= policy.target):
        # An early glance, by another crawl, may show that it is hot, but not that it is still.
        visit.interval_hours = hours
        visit.still = 0 if movement else visit.still + 1
    visit.visited_at = seen.at
    dead = visit.still >= policy.patience and visit.interval_hours >= policy.max_hours
    visit.at = None if dead else _later(visit, policy)
    if not seen.same(last) or seen.at - last.at >= KEEP_EVERY:
        visit.points = thinned([*visit.points, seen], policy.points)


def _later(visit: Visit, policy: Policy) -> Any:
    assert visit.visited_at
    try:
        return visit.visited_at + timedelta(hours=policy.bounded(visit.interval_hours))
    except OverflowError:  # fetched at the end of time
        return None


def thinned(points: list[Observation], most: int) -> list[Observation]:
    """Return at most ``most`` of ``points``; the first and the newest stay.

    The point goes whose neighbours are closest, measured against their age: what is left lies
    the wider apart the older it is.
    """
    points = list(points)
    while len(points) > max(most, 2):
        now = points[-1].at

        def density(k: int, now: Any = now) -> float:
            age = now - points[k - 1].at
            return (points[k + 1].at - points[k - 1].at) / age if age else 0.0

        del points[min(range(1, len(points) - 1), key=density)]
    return points

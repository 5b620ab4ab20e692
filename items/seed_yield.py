"""What a seed has brought lately, and which share of its budget that earns it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from items.clock import from_iso, to_iso

PRIOR = 20
"""Requests at the target that every seed is credited with: a new one has the whole budget."""
LEAST = 5
"""Requests of the smallest budget: a listing and a few pages, to see whether it is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPolicy:
    """When seeds fade; each is a setting, see docs/revisits.md."""

    target: float = 0.05
    floor: float = 0.1
    half_life_days: float = 7.0
    rest_days: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one crawl got from a seed."""

    requests: int = 0
    """Answers."""
    items: int = 0
    """Posts, articles and videos of which is known whether they were wanted."""
    good: int = 0
    """Of these the wanted ones; all of them, where no category is wanted."""
    capped: bool = False
    """Whether it came to the end of its budget."""


@dataclass(slots=True, kw_only=True)
class SeedYield:
    """Counts of a seed that fade with time."""

    key: str
    """The seed's label."""
    group: str
    """Its platform."""
    at: datetime | None = None
    """When the counts were those, UTC: the end of its last crawl."""
    requests: float = 0.0
    items: float = 0.0
    good: float = 0.0
    usual: int = 0
    """Requests of its last crawl that no budget ended."""
    rests: int = 0
    """Rests one after the other, without anything good between them."""
    rest_until: datetime | None = None
    """It is left out until then, UTC."""

    def share(self, policy: SeedPolicy) -> float:
        """Return the share of its usual requests that it gets, in [floor, 1].

        Its rate of good items a request, smoothed by ``PRIOR`` requests at the target, as part of
        the target.
        """
        rate = (self.good + PRIOR * policy.target) / (self.requests + PRIOR)
        return min(1.0, max(policy.floor, rate / policy.target))

    def budget(self, policy: SeedPolicy) -> int | None:
        """Return how many requests its next crawl may make; ``None`` = any number."""
        share = self.share(policy)
        return None if share >= 1 else max(LEAST, math.ceil(share * self.usual))

    def rests_at(self, now: datetime) -> bool:
        """Return whether it is to be left out."""
        return self.rest_until is not None and now < self.rest_until

    def after(self, brought: Brought, now: datetime, policy: SeedPolicy) -> SeedYield:
        """Return the counts after one more crawl; the old ones halve every ``half_life_days``."""
        days = max(0.0, (now - self.at) / timedelta(days=1)) if self.at else 0.0
        left = 0.5 ** (days / policy.half_life_days)
        new = replace(
            self,
            at=now,
            requests=self.requests * left + brought.requests,
            items=self.items * left + brought.items,
            good=self.good * left + brought.good,
            usual=max(self.usual, brought.requests) if brought.capped else brought.requests,
            rests=0,
            rest_until=None,
        )
        if policy.rest_days and not brought.good and new.share(policy) <= policy.floor:
            new.rests = self.rests + 1
            days = min(2.0 ** min(self.rests, 30), policy.rest_days)
            new.rest_until = now + timedelta(days=days)
        return new

    def why(self, policy: SeedPolicy, now: datetime) -> str:
        """Say in a few words why its share is what it is."""
        counts = f"{self.good:.1f} good of {self.requests:.0f} requests lately"
        if self.rests_at(now):
            return f"{counts}: rests ({self.rests}. time, 쉬는 중)"
        if self.share(policy) >= 1:
            return f"{counts}: the whole budget (전체 예산)"
        return f"{counts}, target {policy.target:g} a request: fades (예산 감소)"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__}  # asdict copies each value
        return plain | {"at": to_iso(self.at), "rest_until": to_iso(self.rest_until)}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> SeedYield:
        """Read what :meth:`to_dict` wrote."""
        return cls(**row | {name: from_iso(row[name]) for name in ("at", "rest_until")})

"""How fast a crawl may go: what somebody changed, and requests a minute over all workers."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

CATCH_UP_MS = 1000
"""What was not leased for longer than that is not made up for."""


def speed_of(meta: Mapping[str, int | str]) -> Speed:
    """Read a crawl's speed from its ``meta``."""
    return Speed(**{name: int(meta[name]) for name in Speed.__slots__ if name in meta})


def changed_speed(meta: Mapping[str, int | str]) -> dict[str, int]:
    """Return those fields of a crawl's speed that were changed."""
    own = asdict(Speed())
    return {name: value for name, value in asdict(speed_of(meta)).items() if value != own[name]}


class Pace:
    """Leases no more than ``pages_per_minute``; the twin of what ``exchange.lua`` does."""

    def __init__(self, pages_per_minute: int, pace_at: float, now: int) -> None:
        """Prepare for one exchange.

        Args:
            pages_per_minute: Over all workers; 0 = no limit.
            pace_at: When the next request may leave, ms since 1970; 0 = at once.
            now: Time of the exchange, ms since 1970.
        """
        self._gap, self._now = 60_000 / pages_per_minute if pages_per_minute else 0.0, now
        self.at = max(pace_at, now - CATCH_UP_MS) if pace_at else float(now)

    def allowed(self, want: int, want_now: int) -> int:
        """Return how many may be leased; only what starts at once, or none would know when."""
        if not self._gap:
            return want
        due = math.floor((self._now - self.at) / self._gap) + 1
        return max(0, min(want, want_now, due))

    def note(self, leased: int, free_at: int | None) -> int | None:
        """Count what was leased; return when the next may be, at ``free_at`` or later."""
        if not self._gap:
            return free_at
        self.at += leased * self._gap
        return max(free_at or 0, math.ceil(self.at)) if self.at > self._now else free_at

"""A hot topic: recent items, over all platforms, that tell of the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from items.clock import from_iso, to_iso


@dataclass(slots=True, kw_only=True)
class Topic:
    """One topic, as the last run that found it saw it."""

    key: str
    """16 hexadecimal digits; stays from run to run."""
    group: str = ""
    """Category that the run was about; empty = all."""
    at: datetime
    """The last run that found it, UTC."""
    first_at: datetime
    """The first one."""
    title: str = ""
    """What a model calls its most central items, else the headline of the most central one."""
    keywords: list[str] = field(default_factory=list)
    """Terms that set it apart, the strongest first."""
    members: list[str] = field(default_factory=list)
    """Identities, the most central first; at most 200."""
    platforms: dict[str, int] = field(default_factory=dict)
    """Members by platform."""
    recent: int = 0
    """Texts in the recent days; copies of one text count once."""
    before: int = 0
    """Texts in the three times as many days before them."""
    growth: float = 0.0
    """Smoothed ratio of the recent rate to the earlier one, both as shares of all items."""
    z: float = 0.0
    """How far the growth is beyond chance, in standard deviations."""
    engagement: float = 0.0
    """Mean over the recent members of how much they moved people, in [0, 1]."""
    heat: float = 0.0
    """What topics are sorted by."""
    counts: list[int] = field(default_factory=list)
    """Texts in each of 24 equal spans of time, the oldest first."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """``{"at", "recent", "before", "heat"}`` of each run, oldest first; at most 200."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__}  # asdict copies each value
        return plain | {"at": to_iso(self.at), "first_at": to_iso(self.first_at)}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Topic:
        """Read what :meth:`to_dict` wrote."""
        return cls(**row | {name: from_iso(row[name]) for name in ("at", "first_at")})

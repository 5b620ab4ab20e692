"""What became of an item over time: the numbers of each visit, and when the next one is due."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from items.clock import from_iso, to_iso

if TYPE_CHECKING:
    from items.base import Item

VISITED_KINDS = ("post", "video", "article")
"""Kinds of item that are visited again; comments come with what they hang under."""
_NUMBERS = ("views", "score", "comments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The numbers that one visit found."""

    at: datetime
    """When, UTC."""

    views: int | None = None
    """Views, where the platform states them."""

    score: int | None = None
    """Votes or likes."""

    comments: int | None = None
    """Comments as the platform counts them."""

    digest: str | None = None
    """Of a page, which states no numbers: 16 hexadecimal digits of its title and text."""

    @classmethod
    def of(cls, item: Item) -> Observation:
        """Read an item."""
        stated = (getattr(item, name, None) for name in ("score", "like_count"))
        said = f"{item.title}\n{item.text}".encode(errors="replace")
        return cls(
            at=item.fetched_at,
            views=getattr(item, "view_count", None),
            score=next((n for n in stated if n is not None), None),
            comments=getattr(item, "comment_count", None),
            digest=blake2b(said, digest_size=8).hexdigest() if item.kind == "article" else None,
        )

    def same(self, other: Observation) -> bool:
        """Return whether nothing moved between the two."""
        return replace(self, at=other.at) == other

    def movement(self, since: Observation) -> float:
        """Return how much the number that moved most has moved, as a share of what it was, ≥ 0.

        A number below ten counts as ten, so that the first vote is no sensation; a page whose text
        changed has moved by 1.
        """
        moved = [float(None not in (self.digest, since.digest) and self.digest != since.digest)]
        for name in _NUMBERS:
            new, old = getattr(self, name), getattr(since, name)
            if new is not None and old is not None:
                moved.append(abs(new - old) / max(abs(old), 10))
        return max(moved)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; what is not stated is left out."""
        row: dict[str, Any] = {"at": to_iso(self.at)}
        for name in (*_NUMBERS, "digest"):
            if (value := getattr(self, name)) is not None:
                row[name] = value
        return row

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Observation:
        """Read what :meth:`to_dict` wrote."""
        at = from_iso(row["at"])
        assert at
        return cls(**row | {"at": at})


@dataclass(slots=True, kw_only=True)
class Visit:
    """An item that is visited again."""

    key: str
    """The item's identity."""

    group: str
    """Its platform."""

    at: datetime | None = None
    """When the next visit is due, UTC; ``None`` = never: it is dead, or gone."""

    url: str = ""
    """Its address."""

    visited_at: datetime | None = None
    """The last visit that found it, UTC."""

    interval_hours: float = 0.0
    """Time between that visit and the next one."""

    still: int = 0
    """Visits in a row that found nothing moved."""

    tries: int = 0
    """Visits begun since the last one that found it."""

    gone_at: datetime | None = None
    """When the platform said that it is gone, UTC."""

    points: list[Observation] = field(default_factory=list)
    """What visits found, oldest first; old ones are thinned out."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        row |= {name: to_iso(row[name]) for name in ("at", "visited_at", "gone_at")}
        return row | {"points": [point.to_dict() for point in self.points]}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Visit:
        """Read what :meth:`to_dict` wrote."""
        row = row | {name: from_iso(row[name]) for name in ("at", "visited_at", "gone_at")}
        return cls(**row | {"points": [Observation.from_dict(point) for point in row["points"]]})

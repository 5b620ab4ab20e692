"""Which items are wanted, and how they are walked through, page by page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from items.clock import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

EQUAL = ("author", "category", "platform", "kind", "language", "subcategory", "needs_review")
"""Filters by one value, those that leave the fewest items first."""
INDEXED = {
    "fetched_at": (
        *("author", "subcategory", "category", "platform", "kind", "language", "needs_review"),
    ),
    "published_at": ("author", "category"),
}
"""Filters that have an index in an order; the first one that is set is looked up."""
T = TypeVar("T")
Order = Literal["fetched_at", "published_at"]


class Condition(NamedTuple):
    """One thing that a wanted item fulfils."""

    field: str
    """As in ``storage.described``."""
    sign: Literal["=", ">=", "<"]
    value: Any


class Place(NamedTuple):
    """Where a page ended: its last item's instant, ISO 8601, and number in the store."""

    instant: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """What a wanted item fulfils: all that is set; from ``…_since`` on, before ``…_until``."""

    category: str | None = None
    subcategory: str | None = None
    platform: str | None = None
    kind: str | None = None
    language: str | None = None
    author: str | None = None
    fetched_since: datetime | None = None
    fetched_until: datetime | None = None
    published_since: datetime | None = None
    published_until: datetime | None = None
    min_quality: float | None = None
    """Least score of ``gleanery quality``, in [0, 1]; items without one are left out."""
    needs_review: bool | None = None
    order: Order = "fetched_at"
    """Newest first by this instant; items that have none are left out."""

    def conditions(self) -> list[Condition]:
        """Return what is set."""
        found = [
            Condition(name, "=", value)
            for name in EQUAL
            if (value := getattr(self, name)) is not None
        ]
        for name in ("fetched", "published"):
            since, until = getattr(self, f"{name}_since"), getattr(self, f"{name}_until")
            found += [Condition(f"{name}_at", ">=", to_iso(since))] if since else []
            found += [Condition(f"{name}_at", "<", to_iso(until))] if until else []
        if self.min_quality is not None:
            found.append(Condition("quality", ">=", self.min_quality))
        if self.order == "published_at" and not (self.published_since or self.published_until):
            found.append(Condition("published_at", ">=", ""))
        return found

    @property
    def index(self) -> str:
        """Name of the index that answers it, after what each store's names begin with."""
        if self.needs_review and self.author is None and self.order == "fetched_at":
            return "needs_review"  # few are
        chosen = next((n for n in INDEXED[self.order] if getattr(self, n) is not None), None)
        if chosen is None:
            return self.order
        return chosen if self.order == "fetched_at" else f"{chosen}_published"


ANY = ItemFilter()
"""Every item."""


@dataclass(slots=True, kw_only=True)
class Page:
    """Some items in a row."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    next: Place | None = None
    """Where the next page goes on; ``None`` after the last one."""


def cut(
    found: Sequence[T], limit: int, place: Callable[[T], Place], row: Callable[[T], Any]
) -> Page:
    """Return the first ``limit`` of what was found, and where to go on if there is more."""
    kept = found[:limit]
    more = len(found) > limit
    return Page(rows=[row(one) for one in kept], next=place(kept[-1]) if more else None)

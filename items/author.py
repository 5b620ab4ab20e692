"""Whoever publishes: a channel, an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from items.base import Item


@dataclass(slots=True, kw_only=True)
class Author(Item):
    """A channel or account; ``title`` is its public name, ``text`` its description."""

    KIND: ClassVar[str] = "author"

    follower_count: int | None = None
    """Subscribers or followers, as the platform rounds them."""

    item_count: int | None = None
    """Videos or posts that the platform counts."""

    country: str | None = None
    """ISO 3166-1 code if stated."""

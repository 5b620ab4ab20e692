"""A post of a forum or a social network."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from items.base import INSTANT, Item


@dataclass(slots=True, kw_only=True)
class Post(Item):
    """One top-level submission; ``text`` is empty for a link post."""

    KIND: ClassVar[str] = "post"

    community: str | None = None
    """Where it was posted, e.g. a subreddit's name without ``r/``."""

    score: int | None = None
    """Votes up less votes down, as the platform states (Reddit blurs it)."""

    upvote_ratio: float | None = None
    """Share of votes up, in [0, 1]."""

    comment_count: int | None = None
    """Comments as the platform counts them, the removed ones included."""

    flair: str | None = None
    """The community's label on it."""

    link: str | None = None
    """Where a link post points; ``None`` for a self post."""

    over_18: bool = False
    """Marked as not safe for work."""

    removed: str | None = None
    """``deleted`` (by its author), ``removed`` (by a moderator or the platform) or ``None``."""

    crosspost_of: str | None = None
    """Identity of the post it repeats."""

    edited_at: datetime | None = field(default=None, metadata=INSTANT)
    """Last edit, UTC."""

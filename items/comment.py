"""A comment under a post or a video."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from items.base import INSTANT, Item


@dataclass(slots=True, kw_only=True)
class Comment(Item):
    """One comment or reply; ``parent`` is what it answers, ``root`` the post or video."""

    KIND: ClassVar[str] = "comment"

    root: str | None = None
    """Identity of the post or video it stands under."""

    tree_depth: int | None = None
    """Replies between it and the root: 0 for a top-level comment."""

    score: int | None = None
    """Votes (Reddit) or likes (YouTube); ``None`` while hidden."""

    flair: str | None = None
    """The community's label on its author."""

    by_submitter: bool = False
    """Written by the author of the root."""

    over_18: bool = False
    """Stands under a root marked as not safe for work."""

    removed: str | None = None
    """``deleted`` (by its author), ``removed`` (by a moderator or the platform) or ``None``."""

    edited_at: datetime | None = field(default=None, metadata=INSTANT)
    """Last edit, UTC."""

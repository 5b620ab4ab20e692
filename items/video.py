"""A video: what its platform says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from items.base import Item


@dataclass(slots=True, kw_only=True)
class Video(Item):
    """One video; ``text`` is its description, ``author`` its channel's name."""

    KIND: ClassVar[str] = "video"

    channel_id: str | None = None
    """The platform's id of the channel."""

    channel_url: str | None = None
    """Address of the channel."""

    duration_seconds: int | None = None
    """Length as the platform states it; ``None`` for a live stream."""

    view_count: int | None = None
    """Views."""

    like_count: int | None = None
    """Likes; ``None`` where hidden."""

    comment_count: int | None = None
    """Comments as the platform counts them."""

    tags: list[str] = field(default_factory=list)
    """Keywords its author set."""

    platform_categories: list[str] = field(default_factory=list)
    """The platform's own categories, e.g. ``Education``."""

    chapters: list[dict[str, Any]] = field(default_factory=list)
    """``{"title", "start_seconds", "end_seconds"}`` in order."""

    subtitles: list[str] = field(default_factory=list)
    """Language codes of subtitles that people made."""

    automatic_captions: list[str] = field(default_factory=list)
    """Language codes of captions that the platform made from speech (no translations)."""

    licence: str | None = None
    """``creative_commons``, ``youtube`` or the text that the platform states."""

    live_status: str | None = None
    """``not_live``, ``is_live``, ``was_live``, ``is_upcoming`` or ``None``."""

    age_limit: int = 0
    """Years; 18 for restricted ones."""

    availability: str | None = None
    """``public``, ``unlisted``, ``needs_auth`` …, as yt-dlp names them."""

"""Which videos of an item can be downloaded, how, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from gleanery.urls import host_of
from items import Video

if TYPE_CHECKING:
    from items import Item

MAX_VIDEOS = 4
"""Of one item: a page may name a hundred."""
ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ogv", ".mpg", ".mpeg")
"""Of addresses that are files; streams in pieces (.m3u8, .mpd) are not followed."""
REDDIT_HOST = "v.redd.it"


@dataclass(frozen=True, slots=True)
class Source:
    """One video."""

    how: Literal["youtube", "reddit", "file"]
    """By yt-dlp, from Reddit's own host in two streams, or as a plain file."""
    url: str
    """Page of a YouTube video; address of the file otherwise."""


def video_sources(item: Item) -> list[Source]:
    """Return the videos of an item that can be downloaded, in order, without repeats."""
    if getattr(item, "removed", None):
        return []
    if isinstance(item, Video):
        return [Source("youtube", item.url)] if _is_youtube_page(item.url) else []
    found = (_source(address) for address in item.media)
    return list(dict.fromkeys(source for source in found if source))[:MAX_VIDEOS]


def refusal(item: Item, *, licence: str, max_seconds: float) -> str | None:
    """Return why an item's videos are not downloaded, by what it says of itself.

    Returns:
        ``licence``, ``duration``, ``live``; ``None`` if nothing speaks against it.
    """
    if getattr(item, "live_status", None) in ("is_live", "is_upcoming", "post_live"):
        return "live"
    if (getattr(item, "duration_seconds", None) or 0) > max_seconds:
        return "duration"
    if licence == "creative_commons" and getattr(item, "licence", None) != "creative_commons":
        return "licence"
    return None


def video_source(url: str) -> Source | None:
    """Return what is behind an address that we have no item of; ``None`` if it is no video."""
    return Source("youtube", url) if _is_youtube_page(url) else _source(url)


def is_video_address(url: str) -> bool:
    """Whether an address leads to a video file, by its host or its ending."""
    return _source(url) is not None


def _source(url: str) -> Source | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    if host_of(url) == REDDIT_HOST:
        return Source("reddit", url)
    return Source("file", url) if parts.path.lower().endswith(ENDINGS) else None


def _is_youtube_page(url: str) -> bool:
    host = host_of(url)
    return host in ("youtu.be", "youtube.com") or host.endswith(".youtube.com")

"""What yt-dlp says (cut by ``extractor``), as items."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from items import Author, Comment, Video
from items.clock import from_timestamp
from platforms.youtube.target import channel_url, video_url
from platforms.youtube.text import language_code, licence_key, links_in, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

Info = dict[str, Any]


def video_item(info: Info) -> Video:
    """Read a video.

    Raises:
        KeyError: It has no id.
    """
    channel = info.get("channel_id")
    text = info.get("description") or ""
    return Video(
        platform="youtube",
        external_id=info["id"],
        url=video_url(info["id"]),
        title=info.get("title") or "",
        text=text,
        author=info.get("channel") or info.get("uploader_id"),
        channel_id=channel,
        channel_url=channel_url(channel) if channel else None,
        published_at=_published(info),
        language=language_code(info.get("language")),
        duration_seconds=whole(info.get("duration")),
        view_count=whole(info.get("view_count")),
        like_count=whole(info.get("like_count")),
        comment_count=whole(info.get("comment_count")),
        tags=list(dict.fromkeys(info.get("tags") or ())),
        platform_categories=info.get("categories") or [],
        chapters=_chapters(info),
        subtitles=_written(info.get("subtitles") or ()),
        automatic_captions=_spoken(info.get("automatic_captions") or ()),
        licence=licence_key(info.get("license")),
        live_status=info.get("live_status"),
        age_limit=whole(info.get("age_limit")) or 0,
        availability=info.get("availability"),
        links=links_in(text),
        media=[info["thumbnail"]] if info.get("thumbnail") else [],
    )


def comment_items(info: Info, limit: int) -> Iterator[Comment]:
    """Yield the comments and replies of a video, in the platform's order, at most ``limit``."""
    root = f"youtube:{info['id']}"
    depth_of: dict[str, int] = {}
    for row in info.get("comments", ())[:limit]:
        parent = None if row.get("parent") in (None, "root") else row["parent"]
        # a reply's thread always comes before it
        depth_of[row["id"]] = depth_of.get(parent, 0) + 1 if parent else 0
        text = row.get("text") or ""
        yield Comment(
            platform="youtube",
            external_id=row["id"],
            url=f"{video_url(info['id'])}&lc={row['id']}",
            text=text,
            author=row.get("author"),
            root=root,
            parent=f"youtube:{parent}" if parent else root,
            tree_depth=depth_of[row["id"]],
            score=whole(row.get("like_count")),
            by_submitter=bool(row.get("author_is_uploader")),
            published_at=from_timestamp(row.get("timestamp")),
            links=links_in(text),
        )


def author_item(info: Info) -> Author | None:
    """Read the head of a channel's page; ``None`` if it states no channel id."""
    channel = info.get("channel_id")
    if not channel:
        return None
    text = info.get("description") or ""
    return Author(
        platform="youtube",
        external_id=channel,
        url=channel_url(channel),
        title=info.get("channel") or info.get("title") or "",
        text=text,
        author=info.get("uploader_id") or info.get("channel"),
        follower_count=whole(info.get("channel_follower_count")),
        links=links_in(text),
        media=list(dict.fromkeys(info.get("thumbnails") or ()))[:1],
    )


def _published(info: Info) -> datetime | None:
    if stamp := info.get("timestamp") or info.get("release_timestamp"):
        return from_timestamp(stamp)
    day = info.get("upload_date")
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) if day else None


def _chapters(info: Info) -> list[dict[str, Any]]:
    rows = info.get("chapters") or []
    ends = [*(row.get("start_time") for row in rows[1:]), info.get("duration")]
    return [
        {
            "title": row.get("title") or "",
            "start_seconds": row.get("start_time"),
            "end_seconds": row.get("end_time") or end,
        }
        for row, end in zip(rows, ends, strict=False)  # no rows: one end is left over
    ]


def _written(codes: Any) -> list[str]:
    """Keep languages: not the live chat, nor the id (11 characters) of a track with a name."""
    plain = (re.sub(r"-[\w-]{11}$", "", code) for code in codes if code != "live_chat")
    return list(dict.fromkeys(plain))


def _spoken(codes: Any) -> list[str]:
    """Keep the language spoken; the other hundred are machine translations of it."""
    marked = [code.removesuffix("-orig") for code in codes if code.endswith("-orig")]
    return marked or [code for code in codes if len(codes) == 1]

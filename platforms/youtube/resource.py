"""Resources of the YouTube Data API v3, as items.

Source: https://developers.google.com/youtube/v3/docs (video, channel, comment).
"""

from __future__ import annotations

import re
from typing import Any

from items import Author, Comment, Video
from items.clock import from_iso
from platforms.youtube.target import channel_url, video_url
from platforms.youtube.text import language_code, licence_key, links_in, whole

Resource = dict[str, Any]

CATEGORIES = {
    "1": "Film & Animation",
    "2": "Autos & Vehicles",
    "10": "Music",
    "15": "Pets & Animals",
    "17": "Sports",
    "18": "Short Movies",
    "19": "Travel & Events",
    "20": "Gaming",
    "21": "Videoblogging",
    "22": "People & Blogs",
    "23": "Comedy",
    "24": "Entertainment",
    "25": "News & Politics",
    "26": "Howto & Style",
    "27": "Education",
    "28": "Science & Technology",
    "29": "Nonprofits & Activism",
    "30": "Movies",
    "43": "Shows",
    "44": "Trailers",
}
"""``videoCategories.list``, which has been the same in every region for years."""

LIVE = {"none": "not_live", "live": "is_live", "upcoming": "is_upcoming"}
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def video_item(row: Resource) -> Video:
    """Read a ``video``; parts that were not asked for leave their fields empty.

    Raises:
        KeyError: It has no id or no snippet.
    """
    snippet, counts = row["snippet"], row.get("statistics", {})
    details, status = row.get("contentDetails", {}), row.get("status", {})
    text = snippet.get("description", "")
    restricted = details.get("contentRating", {}).get("ytRating") == "ytAgeRestricted"
    category = CATEGORIES.get(snippet.get("categoryId", ""))
    return Video(
        platform="youtube",
        external_id=row["id"],
        url=video_url(row["id"]),
        title=snippet["title"],
        text=text,
        author=snippet.get("channelTitle"),
        channel_id=snippet.get("channelId"),
        channel_url=channel_url(snippet["channelId"]) if snippet.get("channelId") else None,
        published_at=from_iso(snippet.get("publishedAt")),
        language=language_code(
            snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
        ),
        duration_seconds=seconds_of(details.get("duration")),
        view_count=whole(counts.get("viewCount")),
        like_count=whole(counts.get("likeCount")),
        comment_count=whole(counts.get("commentCount")),
        tags=list(dict.fromkeys(snippet.get("tags", ()))),
        platform_categories=[category] if category else [],
        licence=licence_key(status.get("license")),
        live_status=_live_status(row),
        age_limit=18 if restricted else 0,
        availability=status.get("privacyStatus"),
        links=links_in(text),
        media=_largest(snippet),
    )


def author_item(row: Resource) -> Author:
    """Read a ``channel``.

    Raises:
        KeyError: It has no id or no snippet.
    """
    snippet, counts = row["snippet"], row.get("statistics", {})
    text = snippet.get("description", "")
    hidden = counts.get("hiddenSubscriberCount")
    return Author(
        platform="youtube",
        external_id=row["id"],
        url=channel_url(row["id"]),
        title=snippet["title"],
        text=text,
        author=snippet.get("customUrl") or snippet["title"],
        published_at=from_iso(snippet.get("publishedAt")),
        follower_count=None if hidden else whole(counts.get("subscriberCount")),
        item_count=whole(counts.get("videoCount")),
        country=snippet.get("country"),
        links=links_in(text),
        media=_largest(snippet),
    )


def comment_item(row: Resource, video: str, channel: str | None) -> Comment:
    """Read a ``comment`` under ``video``, a video of ``channel``.

    Raises:
        KeyError: It has no id or no snippet.
    """
    snippet = row["snippet"]
    text = snippet.get("textOriginal") or snippet.get("textDisplay") or ""
    parent, root = snippet.get("parentId"), f"youtube:{video}"
    published, updated = from_iso(snippet.get("publishedAt")), from_iso(snippet.get("updatedAt"))
    writer = snippet.get("authorChannelId", {}).get("value")
    return Comment(
        platform="youtube",
        external_id=row["id"],
        url=f"{video_url(video)}&lc={row['id']}",
        text=text,
        author=snippet.get("authorDisplayName") or None,
        root=root,
        parent=f"youtube:{parent}" if parent else root,
        tree_depth=1 if parent else 0,
        score=whole(snippet.get("likeCount")),
        by_submitter=bool(writer) and writer == channel,
        published_at=published,
        edited_at=updated if updated != published else None,
        links=links_in(text),
    )


def seconds_of(duration: str | None) -> int | None:
    """Return the seconds of an ISO 8601 duration; ``None`` for none, or a live stream's zero."""
    match = _DURATION.fullmatch(duration or "")
    if not match:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds or None


def _live_status(row: Resource) -> str | None:
    if row.get("liveStreamingDetails", {}).get("actualEndTime"):
        return "was_live"
    return LIVE.get(row["snippet"].get("liveBroadcastContent", ""))


def _largest(snippet: Resource) -> list[str]:
    pictures = list(snippet.get("thumbnails", {}).values())
    return [max(pictures, key=lambda p: p.get("width", 0))["url"]] if pictures else []

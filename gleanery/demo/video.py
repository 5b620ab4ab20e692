"""The video site: the YouTube Data API v3 under ``/youtube/v3``, watch pages, clips, thumbnails.

Source of the shapes: https://developers.google.com/youtube/v3/docs.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gleanery.demo.answer import Answer, Ask, json_answer, page_of
from gleanery.demo.clip import FRAMES, FRAMES_PER_SECOND, make_clip

if TYPE_CHECKING:
    from collections.abc import Callable

    from gleanery.demo.world import Row, World

API = "/youtube/v3/"
API_KEY = "demo"
"""The only one that is accepted."""
PAGE = 5
"""Results in one page at most, so that a crawl has to page."""


class VideoSite:
    """Channels, their videos and the comments under them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._videos = {row["id"]: row for row in world.videos}
        self._channels = {row["id"]: row for row in world.channels}
        self._methods: dict[str, Callable[[Ask], tuple[str, list[Row]]]] = {
            "search": self._search,
            "videos": self._list_videos,
            "channels": self._list_channels,
            "playlists": lambda _: ("playlist", []),
            "playlistItems": self._playlist_items,
            "commentThreads": self._comment_threads,
            "comments": lambda _: ("comment", []),
        }

    def answer(self, ask: Ask) -> Answer | None:
        """Answer a request to the API or for a page, or return ``None`` if it is not ours."""
        if ask.path.startswith(API):
            return self._api(ask)
        if ask.path == "/watch" and (row := self._videos.get(ask.query.get("v", ""))):
            return Answer(body=_watch_page(row).encode())
        if ask.parts[:1] not in (["clips"], ["thumbs"]) or len(ask.parts) != 2:
            return None
        name, _, suffix = ask.parts[1].partition(".")
        row = self._videos.get(name)
        if row is None:
            return None
        if suffix == "avi":
            return Answer(body=make_clip(row["colours"]), content_type="video/x-msvideo")
        return Answer(body=_thumbnail(row["colours"]).encode(), content_type="image/svg+xml")

    def _api(self, ask: Ask) -> Answer:
        if (ask.api_key or ask.query.get("key")) != API_KEY:
            return _refusal(400, "API key not valid. Please pass a valid API key.", "badRequest")
        method = self._methods.get(ask.path.removeprefix(API))
        if method is None:
            return _refusal(404, "Method not found.", "notFound")
        kind, rows = method(ask)
        start = int(ask.query.get("pageToken") or 0)
        size = min(PAGE, int(ask.query.get("maxResults", PAGE)))
        # A request by ids is not paged: it answers all of them.
        shown, following = (rows, None) if "id" in ask.query else page_of(rows, start, size)
        items = [{"kind": f"youtube#{kind}", "etag": "demo"} | row for row in shown]
        token = {} if following is None else {"nextPageToken": str(following)}
        counts = {"totalResults": len(rows), "resultsPerPage": size}
        return json_answer(
            {"kind": f"youtube#{kind}ListResponse", "etag": "demo"}
            | token
            | {"pageInfo": counts, "items": items}
        )

    def _search(self, ask: Ask) -> tuple[str, list[Row]]:
        words = ask.query.get("q", "").casefold().split()
        channel = ask.query.get("channelId")
        rows = [
            {"id": {"kind": "youtube#video", "videoId": row["id"]}, "snippet": self._snippet(row)}
            for row in self._newest()
            if channel in (None, "", row["channel"]) and all(w in _searchable(row) for w in words)
        ]
        return "searchResult", rows

    def _list_videos(self, ask: Ask) -> tuple[str, list[Row]]:
        wanted = [self._videos[i] for i in _ids(ask) if i in self._videos]
        return "video", [self._video(row) for row in wanted]

    def _list_channels(self, ask: Ask) -> tuple[str, list[Row]]:
        names = _ids(ask) or [ask.query.get("forHandle", "").removeprefix("@")]
        wanted = [row for row in self.world.channels if row["id"] in names]
        return "channel", [self._channel(row) for row in wanted]

    def _playlist_items(self, ask: Ask) -> tuple[str, list[Row]]:
        playlist = ask.query.get("playlistId", "")
        rows = [row for row in self._newest() if "UU" + row["channel"][2:] == playlist]
        return "playlistItem", [
            {
                "id": f"{playlist}.{row['id']}",
                "snippet": self._snippet(row)
                | {
                    "playlistId": playlist,
                    "position": number,
                    "resourceId": {"kind": "youtube#video", "videoId": row["id"]},
                },
                "contentDetails": {"videoId": row["id"], "videoPublishedAt": self._when(row)},
            }
            for number, row in enumerate(rows)
        ]

    def _comment_threads(self, ask: Ask) -> tuple[str, list[Row]]:
        row = self._videos.get(ask.query.get("videoId", ""), {})
        comments = enumerate(row.get("comments", []), 1)
        return "commentThread", [self._thread(row, comment, n) for n, comment in comments]

    def _thread(self, video: Row, comment: Row, number: int) -> Row:
        name = f"{video['id']}-{number}"
        snippet = {
            "videoId": video["id"],
            "authorDisplayName": comment["author"],
            "authorChannelId": {"value": f"UCdemoViewer{number:012d}"},
            "textDisplay": escape(comment["text"], quote=False),
            "textOriginal": comment["text"],
            "likeCount": comment["likes"],
            "publishedAt": self._when(video),
            "updatedAt": self._when(video),
        }
        top = {"kind": "youtube#comment", "etag": "demo", "id": name, "snippet": snippet}
        about = {"videoId": video["id"], "topLevelComment": top, "totalReplyCount": 0}
        return {"id": name, "snippet": about | {"canReply": True, "isPublic": True}}

    def _video(self, row: Row) -> Row:
        return {
            "id": row["id"],
            "snippet": self._snippet(row)
            | {
                "tags": row["tags"],
                "categoryId": "22",
                "defaultAudioLanguage": row["lang"],
                "defaultLanguage": row["lang"],
            },
            "contentDetails": {
                "duration": f"PT{FRAMES // FRAMES_PER_SECOND}S",
                "definition": "sd",
                "caption": "false",
                "licensedContent": False,
                "contentRating": {},
            },
            "status": {
                "uploadStatus": "processed",
                "privacyStatus": "public",
                "license": "creativeCommon",
                "embeddable": True,
            },
            "statistics": {
                "viewCount": str(row["views"]),
                "likeCount": str(row["views"] // 40),
                "commentCount": str(len(row["comments"])),
            },
        }

    def _channel(self, row: Row) -> Row:
        own = [v for v in self.world.videos if v["channel"] == row["id"]]
        return {
            "id": row["id"],
            "snippet": {
                "title": row["title"],
                "description": row["description"],
                "publishedAt": "2024-03-01T00:00:00Z",
                "thumbnails": {},
                "country": "KR",
            },
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UU" + row["id"][2:]}},
            "statistics": {
                "viewCount": str(sum(v["views"] for v in own)),
                "subscriberCount": str(row["subscribers"]),
                "hiddenSubscriberCount": False,
                "videoCount": str(len(own)),
            },
        }

    def _snippet(self, row: Row) -> Row:
        return {
            "publishedAt": self._when(row),
            "channelId": row["channel"],
            "title": row["title"],
            "description": row["description"],
            "channelTitle": self._channels[row["channel"]]["title"],
            "liveBroadcastContent": "none",
            "thumbnails": {},
        }

    def _newest(self) -> list[Row]:
        return sorted(self.world.videos, key=lambda row: int(row["hours_ago"]))

    def _when(self, row: Row) -> str:
        return f"{self.world.instant(row):%Y-%m-%dT%H:%M:%SZ}"


def _ids(ask: Ask) -> list[str]:
    return [i for i in ask.query.get("id", "").split(",") if i]


def _searchable(row: Row) -> str:
    return " ".join([row["title"], row["description"], *row["tags"]]).casefold()


def _refusal(status: int, message: str, reason: str) -> Answer:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    error = {"code": status, "message": message, "errors": errors}
    return json_answer({"error": error}, status=status)


def _watch_page(row: Row) -> str:
    title, text = escape(row["title"]), escape(row["description"])
    return (
        f'<!doctype html><html lang="{row["lang"]}"><meta charset="utf-8"><title>{title}</title>'
        f'<h1>{title}</h1><video controls src="/clips/{row["id"]}.avi"'
        f' poster="/thumbs/{row["id"]}.svg"></video><p>{text}</p></html>'
    )


def _thumbnail(colours: list[str]) -> str:
    back, front = colours[:2]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 56">'
        f'<rect width="96" height="56" fill="{back}"/>'
        f'<rect x="38" y="18" width="20" height="20" fill="{front}"/></svg>'
    )

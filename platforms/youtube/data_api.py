"""Back-end 2: the YouTube Data API v3, used when there is a key.

The key itself is set by ``middlewares.youtube_key``, as late as possible.
Source: https://developers.google.com/youtube/v3/docs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gleanery.errors import ExtractionError
from gleanery.foreign_json import read_foreign
from platforms.youtube.api_error import raise_for
from platforms.youtube.backend import Answer, Backend, Call, Found, Limits, Onward, Unavailable
from platforms.youtube.resource import Resource, author_item, comment_item, video_item
from platforms.youtube.target import Target, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

VIDEO_PARTS = "snippet,contentDetails,statistics,status,liveStreamingDetails"
BATCH = 50
"""Ids in one call of ``videos.list``, and rows of most pages."""
COMMENT_PAGE = 100
ORDERS = {"relevance": "relevance", "date": "date", "views": "viewCount", "rating": "rating"}


class DataApiBackend(Backend):
    """Asks for JSON, 50 videos in one call; a call's ``kind`` picks the method."""

    name = "data_api"

    def __init__(self, base: str) -> None:
        """Prepare.

        Args:
            base: Address of the API, e.g. ``https://www.googleapis.com/youtube/v3``.
        """
        self.base = base.rstrip("/")
        self._readers: dict[str, Callable[[Call, list[Resource], str | None], Answer]] = {
            "search": self._read_listing,
            "playlist": self._read_listing,
            "channel": self._read_channel,
            "videos": self._read_videos,
            "comments": self._read_threads,
            "replies": self._read_replies,
        }

    def calls(self, targets: Sequence[Target], limits: Limits) -> Iterable[Call]:
        targets = list(dict.fromkeys(targets))
        for target in (t for t in targets if t.kind != "video"):
            yield self._listing(target, limits)
        videos = [t.value for t in targets if t.kind == "video"]
        for start in range(0, len(videos), BATCH):
            ids = videos[start : start + BATCH]
            options = {"ids": ids, "comments": limits.comments}
            yield self._call("videos", ",".join(ids), options, part=VIDEO_PARTS, id=",".join(ids))

    def read(self, call: Call, status: int, body: bytes) -> Answer:
        if gone := raise_for(call, status, body):
            return Answer(unavailable=[gone])
        try:
            page = read_foreign(body)
            return self._readers[call.kind](call, page.get("items", []), page.get("nextPageToken"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExtractionError(f"not what the API promises: {error!r}") from error

    def _listing(self, target: Target, limits: Limits) -> Call:
        options = {"left": limits.results}
        size = min(BATCH, limits.results)
        if target.kind == "search":
            query = {"q": target.value, "type": "video", "order": ORDERS[limits.order]}
            return self._call(
                "search", target.value, options, part="snippet", maxResults=size, **query
            )
        if target.kind == "playlist":
            return self._playlist(target.value, limits.results)
        part = "snippet,contentDetails,statistics"
        return self._call(
            "channel", target.value, options, part=part, **_channel_filter(target.value)
        )

    def _playlist(self, playlist: str, left: int) -> Call:
        size = min(BATCH, left)
        return self._call(
            "playlist",
            playlist,
            {"left": left},
            part="snippet",
            playlistId=playlist,
            maxResults=size,
        )

    def _comments(self, video: str, channel: str | None, left: int) -> Call:
        return self._call(
            "comments",
            video,
            {"video": video, "channel": channel, "left": left},
            part="snippet,replies",
            videoId=video,
            maxResults=min(COMMENT_PAGE, left),
            order="relevance",
            textFormat="plainText",
        )

    def _replies(self, call: Call, parent: str, left: int) -> Call:
        return self._call(
            "replies",
            parent,
            call.options | {"left": left},
            part="snippet",
            parentId=parent,
            maxResults=min(COMMENT_PAGE, left),
            textFormat="plainText",
        )

    def _call(self, kind: str, about: str, options: dict[str, Any], **query: Any) -> Call:
        method = {
            "channel": "channels",
            "playlist": "playlistItems",
            "comments": "commentThreads",
            "replies": "comments",
        }.get(kind, kind)
        url = f"{self.base}/{method}?{urlencode(query)}"
        return Call(kind=kind, url=url, about=about, options=options)

    def _read_listing(self, call: Call, rows: list[Resource], token: str | None) -> Answer:
        left = call.options["left"]
        videos = [video for video in map(_video_id, rows) if video][:left]
        found = [Found(target=Target("video", video)) for video in videos]
        return Answer(found=found, onward=_next_page(call, token, left - len(videos), rows))

    def _read_channel(self, call: Call, rows: list[Resource], _: str | None) -> Answer:
        if not rows:
            gone = Unavailable(about=call.about, reason="not_found", message="no such channel")
            return Answer(unavailable=[gone])
        author = author_item(rows[0])
        related = rows[0].get("contentDetails", {}).get("relatedPlaylists", {})
        # the uploads playlist has the channel's id with another head
        uploads = related.get("uploads") or "UU" + author.external_id[2:]
        onward = Onward(call=self._playlist(uploads, call.options["left"]), of=author)
        return Answer(items=[author], onward=[onward])

    def _read_videos(self, call: Call, rows: list[Resource], _: str | None) -> Answer:
        answer = Answer()
        comments = call.options["comments"]
        for row in rows:
            video = video_item(row)
            answer.items.append(video)
            onward = [Target("channel", video.channel_id or "")]
            onward += [t for t in map(target_of, video.links) if t and t.value != row["id"]]
            answer.found += [Found(target=t, of=video) for t in dict.fromkeys(onward)]
            if comments and video.comment_count != 0:
                more = self._comments(row["id"], video.channel_id, comments)
                answer.onward.append(Onward(call=more, of=video))
        answer.unavailable = list(_missing(call.options["ids"], rows))
        return answer

    def _read_threads(self, call: Call, rows: list[Resource], token: str | None) -> Answer:
        answer, left = Answer(), call.options["left"]
        video, channel = call.options["video"], call.options["channel"]
        for row in rows:
            if left <= 0:
                break
            top = row["snippet"]["topLevelComment"]
            answer.items.append(comment_item(top, video, channel))
            shown = row.get("replies", {}).get("comments", [])
            total = min(row["snippet"].get("totalReplyCount", 0), left - 1)
            if total > len(shown):  # the thread shows five at most: ask for all
                answer.onward.append(Onward(call=self._replies(call, top["id"], total)))
            else:
                answer.items += [comment_item(reply, video, channel) for reply in shown[:total]]
            left -= 1 + total
        answer.onward += _next_page(call, token, left, rows)
        return answer

    def _read_replies(self, call: Call, rows: list[Resource], token: str | None) -> Answer:
        left = call.options["left"]
        video, channel = call.options["video"], call.options["channel"]
        items = [comment_item(row, video, channel) for row in rows[:left]]
        return Answer(items=list(items), onward=_next_page(call, token, left - len(items), rows))


def _next_page(call: Call, token: str | None, left: int, rows: list[Resource]) -> list[Onward]:
    """Return the call for the next page; none after an empty one, whatever it promises."""
    if not token or left <= 0 or not rows:
        return []
    url = f"{call.url.split('&pageToken=')[0]}&{urlencode({'pageToken': token})}"
    more = Call(kind=call.kind, url=url, about=call.about, options=call.options | {"left": left})
    return [Onward(call=more)]


def _channel_filter(channel: str) -> dict[str, str]:
    if channel.startswith("user/"):
        return {"forUsername": channel.removeprefix("user/")}
    if channel.startswith(("@", "c/")):  # old custom names became handles
        return {"forHandle": "@" + channel.removeprefix("c/").removeprefix("@")}
    return {"id": channel}


def _video_id(row: Resource) -> str | None:
    """Return the video of a search result or a playlist item; ``None`` for other things."""
    own = row.get("id")
    about = own if isinstance(own, dict) else row["snippet"]["resourceId"]
    video = about.get("videoId")
    return video if isinstance(video, str) else None


def _missing(asked: list[str], rows: list[Resource]) -> Iterator[Unavailable]:
    got = {row["id"] for row in rows}
    for video in asked:
        if video not in got:
            message = "the API has no such video: private, removed or never there"
            yield Unavailable(about=video, reason="not_found", message=message)

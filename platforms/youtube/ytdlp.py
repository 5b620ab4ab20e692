"""Back-end 1: yt-dlp. One call is one video, channel, playlist or search."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gleanery.errors import ExtractionError, PlatformUnavailableError
from gleanery.foreign_json import read_foreign
from platforms.youtube.backend import Answer, Backend, Call, Found, Limits, Onward, Unavailable
from platforms.youtube.info import author_item, comment_items, video_item
from platforms.youtube.target import SITE, Target, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SORTS = {"relevance": b"", "rating": b"\x08\x01", "date": b"\x08\x02", "views": b"\x08\x03"}
TAB = "/videos"
"""The tab of a channel's newest videos; a channel of shorts, or a topic, has none."""
VIDEOS_ONLY = b"\x12\x02\x10\x01\xf0\x01\x01"


class YtdlpBackend(Backend):
    """Metadata through yt-dlp.

    A call's ``options`` are what ``Extractor.extract`` takes; its answer is that method's, as JSON,
    or ``{"error": {"reason", "message"}}`` with status 404 (it is gone) or 503 (try later).
    """

    name = "ytdlp"

    def calls(self, targets: Sequence[Target], limits: Limits) -> Iterable[Call]:
        for target in dict.fromkeys(targets):
            video = target.kind == "video"
            yield Call(
                kind="videos" if video else target.kind,
                url=_address(target, limits),
                about=target.value,
                options={
                    "results": 1 if video else limits.results,
                    "comments": limits.comments if video else 0,
                },
            )

    def read(self, call: Call, status: int, body: bytes) -> Answer:
        info = _load(call, body)
        if error := info.get("error"):
            if status == 503:
                raise PlatformUnavailableError(error["message"])
            if error["reason"] == "no_videos" and call.url.endswith(TAB):
                return _again(call, "channel", call.url.removesuffix(TAB))
            gone = Unavailable(about=call.about, reason=error["reason"], message=error["message"])
            return Answer(unavailable=[gone])
        try:
            return _listing(call, info) if info["type"] == "listing" else _video(call, info)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ExtractionError(f"not what yt-dlp promises: {error!r}") from error


def error_body(reason: str, message: str) -> bytes:
    """Return the body of an answer that holds no metadata."""
    return json.dumps({"error": {"reason": reason, "message": message}}).encode()


def search_params(order: str) -> str:
    """Return the ``sp`` parameter of YouTube's search page: videos only, in ``order``.

    A base64 protocol buffer: field 1 is the order, field 2 the filter (its field 2: type = video).
    """
    return base64.b64encode(SORTS[order] + VIDEOS_ONLY).decode()


def _address(target: Target, limits: Limits) -> str:
    if target.kind == "search":
        query = {"search_query": target.value, "sp": search_params(limits.order)}
        return f"{SITE}/results?{urlencode(query)}"
    return target.url + (TAB if target.kind == "channel" else "")


def _load(call: Call, body: bytes) -> dict[str, Any]:
    try:
        info = read_foreign(body)
    except ValueError as error:
        raise ExtractionError(f"{call.kind} {call.about}: no JSON ({error})") from error
    if not isinstance(info, dict) or not {"type", "error"} & info.keys():
        raise ExtractionError(f"{call.kind} {call.about}: not an answer of the extractor")
    return info


def _listing(call: Call, info: dict[str, Any]) -> Answer:
    author = author_item(info) if call.kind == "channel" else None
    if call.kind == "channel" and author is None:
        return _uploads(call)
    videos = [Target("video", video) for video in info["videos"]]
    return Answer(
        items=[author] if author else [],
        found=[Found(target=target, of=author) for target in videos],
    )


def _uploads(call: Call) -> Answer:
    """Ask for the uploads of a channel whose page names nobody, as behind an age gate."""
    channel = call.about
    if not channel.startswith("UC"):
        message = "the page shows no channel"
        return Answer(unavailable=[Unavailable(about=channel, reason="not_found", message=message)])
    return _again(call, "playlist", Target("playlist", "UULF" + channel[2:]).url)


def _again(call: Call, kind: str, url: str) -> Answer:
    more = Call(kind=kind, url=url, about=call.about, options=call.options)
    return Answer(onward=[Onward(call=more)])


def _video(call: Call, info: dict[str, Any]) -> Answer:
    if not info.get("title") or not info.get("channel_id"):
        raise ExtractionError(f"video {call.about}: no title or no channel in the answer")
    video = video_item(info)
    comments = comment_items(info, call.options["comments"])
    onward = [Target("channel", video.channel_id or "")]
    onward += [t for t in map(target_of, video.links) if t and t.value != video.external_id]
    return Answer(
        items=[video, *comments],
        found=[Found(target=target, of=video) for target in dict.fromkeys(onward)],
    )

"""What YouTube's recordings hold, read without yt-dlp and without our code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.replay import body_of
from tests.youtube_replay import innertube_key

Exchanges = list[dict[str, Any]]
LISTED = ("videoRenderer", "playlistVideoRenderer")
SHELVES = ("shelfRenderer", "reelShelfRenderer")
"""Rows of YouTube's own suggestions between the results."""


def pages(exchanges: Exchanges, endpoint: str) -> Iterator[tuple[Any, str, Any]]:
    """Yield key, body text and JSON of each answer of an endpoint."""
    for exchange in exchanges:
        request = exchange["request"]
        key = innertube_key(request["method"], request["url"], request.get("body") or "")
        if key[0] == endpoint:
            text = body_of(exchange["response"]).decode()
            yield key, text, json.loads(text)


def listed_videos(page: Any) -> list[str]:
    """Video ids of a search, channel or playlist page, in order, without shelves."""
    found: list[str] = []
    for name, value in _walk(page):
        if name in LISTED and value.get("videoId"):
            found.append(value["videoId"])
        elif name == "lockupViewModel" and "TYPE_VIDEO" in value.get("contentType", ""):
            found.append(value["contentId"])
    return list(dict.fromkeys(found))


def player(exchanges: Exchanges, client: str) -> dict[str, Any]:
    """The player answer that ``client`` got."""
    for key, _, page in pages(exchanges, "player"):
        if key[1] == client:
            return page.get("playerResponse", page)
    raise KeyError(client)


def caption_codes(answer: dict[str, Any], *, spoken: bool) -> set[str]:
    """Languages of the captions made by machine (``spoken``) or by people."""
    tracks = answer.get("captions", {}).get("playerCaptionsTracklistRenderer", {})
    return {
        track["languageCode"]
        for track in tracks.get("captionTracks", [])
        if (track.get("kind") == "asr") == spoken
    }


def comment_ids(exchanges: Exchanges) -> set[str]:
    """Ids of all comments and replies."""
    return {
        found
        for _, text, _ in pages(exchanges, "next")
        for found in re.findall(r'"commentId":"([\w.-]+)"', text)
    }


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in SHELVES:
                continue
            if isinstance(inner, dict):
                yield name, inner
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)

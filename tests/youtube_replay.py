"""The YouTube recordings (``youtube/innertube``) as one answering machine for ``tests.mitm``."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.replay import Replay, body_of, load_exchanges

EMPTY_PAGE = {
    "onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": []}}],
    "onResponseReceivedCommands": [{"appendContinuationItemsAction": {"continuationItems": []}}],
    "onResponseReceivedEndpoints": [{"appendContinuationItemsAction": {"continuationItems": []}}],
}
"""What YouTube answers after the last page; recordings stop after one or two pages."""

EXTRACTOR_ARGS = {
    "youtube": {
        "player_client": ["visionos", "web", "android"],
        "formats": ["missing_pot"],
        "player_skip": ["webpage", "configs", "js"],
        "skip": ["hls", "dash"],
    },
    "youtubetab": {"skip": ["webpage"]},
}
"""Asks yt-dlp for what was recorded: the API, and no watch pages."""


def innertube_key(method: str, url: str, body: str) -> Hashable:
    """Endpoint and what it is asked for; clients, tokens and tracking are left out."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if "/youtubei/v1/" not in parts.path:
        return (method, parts.netloc, parts.path, parts.query)
    endpoint = parts.path.split("/youtubei/v1/")[1]
    asked = json.loads(body or "{}")
    if endpoint.startswith("reel/reel_item_watch"):
        return ("player", "ANDROID", query.get("id"))
    if endpoint == "player":
        client = asked.get("context", {}).get("client", {}).get("clientName", "")
        return ("player", client, asked.get("videoId") or query.get("id"))
    for name in ("continuation", "videoId", "url"):
        if asked.get(name):
            return (endpoint, name, asked[name])
    subject = asked.get("browseId") or asked.get("query")
    return (endpoint, subject, (asked.get("params") or "").replace("%3D", "="))


def load_recordings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Exchanges by the name of their file."""
    return {
        path.name.removesuffix(".json.gz"): load_exchanges(path)
        for path in sorted(folder.glob("*.json.gz"))
    }


class YoutubeReplay:
    """Answers as YouTube did; what NewPipe's recordings lack is derived from what they have.

    * A page after the last one recorded is empty.
    * ``resolve_url`` of a tab or a playlist: the channel id recorded for the channel's address, or
      the id that stands in the address itself.
    * The recorded ANDROID answers carry the player's inside ``playerResponse``; where only they
      were recorded, all clients get them.
    * A comment recording has no player answer: it gets another video's, with its id.
    * NewPipe asks for a playlist's first page by a token of its own; yt-dlp finds those rows in the
      playlist's page, where YouTube puts them for a browser.
    * A page for browsers carries the same answers as the API, in two scripts.
    * Titles of metadata rows are British in the recordings; yt-dlp asks for American ones.
    """

    PLAYER_TEMPLATE = "M4gD1WSo5mA"

    def __init__(self, recordings: dict[str, list[dict[str, Any]]]) -> None:
        self.replay = Replay([e for rows in recordings.values() for e in rows], innertube_key)
        self.broken: dict[str, tuple[int, bytes]] = {}
        """Status and body for whatever names this word (a video id, a query)."""
        self.invent_players = False
        """Whether a video that was only listed gets the template's player answer, with its id."""
        self._complete_players()
        for rows in recordings.values():
            self._complete_playlists(rows)

    def __call__(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        text = body.decode()
        for word, (status, out) in self.broken.items():
            if word in text or word in url:
                return status, JSON, out
        found = self.replay.find(method, url, text)
        if found is not None:
            return found["status"], JSON, _american(found)
        if method == "GET" and (page := self._page(url)) is not None:
            return 200, {"content-type": "text/html; charset=utf-8"}, page.encode()
        derived = self._derive(innertube_key(method, url, text))
        return (404, JSON, b"{}") if derived is None else (200, JSON, json.dumps(derived).encode())

    def _derive(self, key: Any) -> Any:
        endpoint, what, *rest = key
        if endpoint == "navigation/resolve_url":
            return self._resolve(rest[0])
        if what == "continuation":
            return EMPTY_PAGE
        if endpoint == "player" and self.invent_players:
            return json.loads(self._player_of(what, rest[0]))
        if endpoint == "next" and what == "videoId":
            return {"contents": {"twoColumnWatchNextResults": {}}}
        return None

    def _page(self, url: str) -> str | None:
        """Return the HTML page whose parts were recorded, or ``None``."""
        parts = urlsplit(url)
        answers = self.replay.answers
        if video := dict(parse_qsl(parts.query)).get("v"):
            keys: list[Any] = [("next", "videoId", video), ("player", "WEB", video)]
        else:
            found = self._resolve(url)
            browse = found["endpoint"]["browseEndpoint"] if found else {}
            keys = [("browse", browse.get("browseId"), browse.get("params"))]
        if any(key not in answers for key in keys):
            return None
        names = ("ytInitialData", "ytInitialPlayerResponse")
        scripts = zip(names, (_american(answers[key][0]).decode() for key in keys), strict=False)
        lines = [f"<script>var {name} = {text};</script>" for name, text in scripts]
        return "<!doctype html><html><body>" + "\n".join(lines)

    def _resolve(self, url: str) -> Any:
        parts = urlsplit(url)
        if playlist := dict(parse_qsl(parts.query)).get("list"):
            return _browse_endpoint(f"VL{playlist}", "wgYCCAA=")
        path = re.sub("/(videos|shorts|streams)$", "", parts.path)
        channel = path.removeprefix("/channel/")
        if channel == path:
            recorded = self.replay.answers.get(
                ("navigation/resolve_url", "url", f"https://www.youtube.com{path}")
            )
            if not recorded:
                return None
            channel = json.loads(body_of(recorded[0]))["endpoint"]["browseEndpoint"]["browseId"]
        return _browse_endpoint(channel, "EgZ2aWRlb3PyBgQKAjoA")

    def _complete_players(self) -> None:
        answers = self.replay.answers
        android = [key for key in answers if key[:2] == ("player", "ANDROID")]
        for key in android:
            body = json.loads(body_of(answers[key][0]))
            plain = {"status": 200, "body": json.dumps(body.get("playerResponse", body))}
            answers[key] = [plain]
            for client in ("VISIONOS", "WEB"):
                answers.setdefault(("player", client, key[2]), [plain])
        watched = {key[2] for key in answers if key[:2] == ("next", "videoId")}
        played = {key[2] for key in answers if key[0] == "player"}
        for video in watched - played:
            for client in ("VISIONOS", "WEB", "ANDROID"):
                answers["player", client, video] = [
                    {"status": 200, "body": self._player_of(client, video)}
                ]

    def _player_of(self, client: str, video: str) -> str:
        template = self.replay.answers["player", client, self.PLAYER_TEMPLATE][0]
        return body_of(template).decode().replace(self.PLAYER_TEMPLATE, video)

    def _complete_playlists(self, rows: list[dict[str, Any]]) -> None:
        key: Any = ()
        for exchange in rows:
            request = exchange["request"]
            asked = innertube_key(request["method"], request["url"], request.get("body") or "")
            if asked[0] != "browse":
                continue
            if asked[1] != "continuation":
                key = asked
                continue
            page = json.loads(body_of(exchange["response"]))
            shown = _reloaded(page)
            if shown and str(key[1]).startswith("VL"):
                head = json.loads(body_of(self.replay.answers[key][0]))
                full = page | head | {"contents": _playlist_page(shown)}
                self.replay.answers[key] = [{"status": 200, "body": json.dumps(full)}]


JSON = {"content-type": "application/json; charset=UTF-8"}


def _american(response: dict[str, Any]) -> bytes:
    return body_of(response).replace(b'{"text":"Licence"}', b'{"text":"License"}')


def _browse_endpoint(browse_id: str, params: str) -> dict[str, Any]:
    return {"endpoint": {"browseEndpoint": {"browseId": browse_id, "params": params}}}


def _reloaded(page: dict[str, Any]) -> list[Any]:
    for action in page.get("onResponseReceivedActions", []):
        if "reloadContinuationItemsCommand" in action:
            return action["reloadContinuationItemsCommand"]["continuationItems"]
    return []


def _playlist_page(rows: list[Any]) -> dict[str, Any]:
    section = {
        "itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": {"contents": rows}}]}
    }
    content = {"sectionListRenderer": {"contents": [section]}}
    tab = {"tabRenderer": {"selected": True, "content": content}}
    return {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}}


def replay_settings(proxy: str, **extractor_args: Any) -> dict[str, Any]:
    """Settings of a crawl that asks ``proxy`` and nobody else."""
    youtube = EXTRACTOR_ARGS["youtube"] | extractor_args
    return {
        "YOUTUBE_PROXY": proxy,
        "YOUTUBE_VERIFY_TLS": False,
        "YOUTUBE_EXTRACTOR_ARGS": json.dumps(EXTRACTOR_ARGS | {"youtube": youtube}),
    }

"""What can be crawled on YouTube, from an operator's argument or from a link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from gleanery.errors import ConfigError

Kind = Literal["search", "channel", "playlist", "video"]
KINDS: tuple[Kind, ...] = ("search", "channel", "playlist", "video")

SITE = "https://www.youtube.com"
HOSTS = ("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be")

_VIDEO = re.compile(r"[\w-]{11}")
_CHANNEL = re.compile(r"UC[\w-]{22}")
_HANDLE = re.compile(r"@[\w.·-]{3,60}")
_PLAYLIST = re.compile(r"(?:PL|UU|FL|OL|LL|EL)[\w-]{8,}")
_NAMED = re.compile(r"(?:user|c)/[^/?#]+")
_EXAMPLES = {
    "channel": "an id (UC… of 24 characters), a handle (@name) or the channel's address",
    "playlist": "an id (PL…) or the playlist's address; mixes (RD…) have no end: left out",
    "video": "an id of 11 characters or the video's address",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A search, channel, playlist or video."""

    kind: Kind
    value: str
    """Query; ``UC…``, ``@handle``, ``user/NAME`` or ``c/NAME``; playlist id; video id."""

    @property
    def url(self) -> str:
        """Address a person can open."""
        if self.kind == "search":
            return f"{SITE}/results?search_query={quote(self.value)}"
        if self.kind == "channel":
            return channel_url(self.value)
        if self.kind == "playlist":
            return f"{SITE}/playlist?list={self.value}"
        return video_url(self.value)


def video_url(video_id: str) -> str:
    """Return the canonical address of a video."""
    return f"{SITE}/watch?v={video_id}"


def channel_url(channel: str) -> str:
    """Return the canonical address of a channel id, handle or ``user/NAME``."""
    return f"{SITE}/channel/{channel}" if _CHANNEL.fullmatch(channel) else f"{SITE}/{channel}"


def parse_target(kind: Kind, text: str) -> Target:
    """Read an argument: an id, a handle or an address.

    Raises:
        ConfigError: It names no such thing; the message says what to write.
    """
    text = text.strip()
    if kind == "search" and text:
        return Target("search", text)
    patterns = {
        "channel": (_CHANNEL, _HANDLE, _NAMED),
        "playlist": (_PLAYLIST,),
        "video": (_VIDEO,),
    }
    if any(pattern.fullmatch(text) for pattern in patterns.get(kind, ())):
        return Target(kind, text)
    found = _playlist_of(text) if kind == "playlist" else target_of(text)
    if found is None or found.kind != kind:
        raise ConfigError(f"no {kind} in {text!r}; give {_EXAMPLES.get(kind, 'some words')}")
    return found


def target_of(url: str) -> Target | None:
    """Return what a link leads to, or ``None`` if that is nothing we crawl."""
    host, path, query = _parts(url)
    if host not in HOSTS:
        return None
    if video := _video_in(host, path, query):
        return Target("video", video)
    return _playlist_of(url) if path == "playlist" else _channel_in(path)


def _parts(url: str) -> tuple[str, str, dict[str, list[str]]]:
    """Return host (lower case), path without outer slashes, query; empty for no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", {}
    return (parts.hostname or "").lower(), parts.path.strip("/"), parse_qs(parts.query)


def _channel_in(path: str) -> Target | None:
    names = f"(?:channel/)?({_CHANNEL.pattern})|({_HANDLE.pattern}|{_NAMED.pattern})"
    match = re.match(rf"(?:{names})(?:/|$)", path)
    return Target("channel", match[1] or match[2]) if match else None


def _video_in(host: str, path: str, query: dict[str, list[str]]) -> str | None:
    if host == "youtu.be":
        candidate = path
    elif path == "watch":
        candidate = query.get("v", [""])[0]
    else:
        first, _, candidate = path.partition("/")
        if first not in ("shorts", "live", "embed", "v"):
            return None
    match = _VIDEO.match(candidate)
    return match[0] if match else None


def _playlist_of(url: str) -> Target | None:
    host, _, query = _parts(url)
    value = query.get("list", [""])[0]
    return Target("playlist", value) if host in HOSTS and _PLAYLIST.fullmatch(value) else None

"""YouTube's recorded answers with media servers that send clips drawn here."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.media_site import draw_clip, draw_tone
from tests.youtube_replay import YoutubeReplay

VIDEO = "M4gD1WSo5mA"
"""Recorded with all its formats; it is under Creative Commons."""


def drawn_streams(folder: Path) -> dict[str, bytes]:
    """Bodies by format: 18 has picture and sound, 160 a picture, 140 a sound; 8 s each."""
    clips = {
        "18": draw_clip(folder / "18.mp4", seconds=8, size="640x360"),
        "160": draw_clip(folder / "160.mp4", seconds=8, size="256x144", sound=False),
        "140": draw_tone(folder / "140.m4a", seconds=8),
    }
    return {itag: path.read_bytes() for itag, path in clips.items()}


class MediaReplay:
    """YouTube's recorded answers, and its media servers with clips of ours and ``Range``."""

    def __init__(self, replay: YoutubeReplay, bodies: dict[str, bytes]) -> None:
        self.replay = replay
        self.bodies = bodies
        """By format (``itag``)."""
        self.asked: list[tuple[str, str]] = []
        """Format and ``Range`` of what was asked of the media servers."""
        self.status = 200

    def __call__(self, method, url, headers, body):
        if not (urlsplit(url).hostname or "").endswith("googlevideo.com"):
            return self.replay(method, url, headers, body)
        query = parse_qs(urlsplit(url).query)
        wanted = headers.get("range", "")
        self.asked.append((query["itag"][0], wanted))
        if self.status != 200:
            return self.status, {}, b""
        data = self.bodies[query["itag"][0]]
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if not found:
            return 200, {"content-type": query["mime"][0]}, data
        start, end = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
        ranged = {"content-range": f"bytes {start}-{end}/{len(data)}"}
        return 206, ranged | {"content-type": query["mime"][0]}, data[start : end + 1]

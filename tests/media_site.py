"""Media files on loopback: ranges, cut-off answers, redirects; clips drawn by ffmpeg."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from media.ffmpeg import ffmpeg_program
from tests.loopback import LoopbackServer


@dataclass
class MediaFileAnswer:
    """What an address answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the connection is cut, for the first answers; then it is whole."""
    ranges: bool = True
    sized: bool = True
    """Whether the answer tells its length; else it ends with the connection."""
    etag: str = '"1"'


class MediaSite(LoopbackServer):
    """Serves ``files`` by path, and remembers what was asked: path and ``Range``."""

    def __init__(self) -> None:
        self.files: dict[str, MediaFileAnswer] = {}
        self.asked: list[tuple[str, str]] = []
        super().__init__(_Handler)

    def put(self, path: str, body: bytes = b"", **more) -> str:
        self.files[path] = MediaFileAnswer(body=body, **more)
        return self.url + path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MediaSite

    def do_GET(self) -> None:
        wanted = self.headers.get("range", "")
        self.server.asked.append((self.path, wanted))
        found = self.server.files.get(self.path)
        if found is None:
            found = MediaFileAnswer(status=404)
        start = ranged(wanted, found, self.headers.get("if-range"))
        body = found.body[start or 0 :]
        self.send_response(206 if start is not None else found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        if found.etag:
            self.send_header("etag", found.etag)
        if start is not None:
            size = len(found.body)
            self.send_header("content-range", f"bytes {start}-{size - 1}/{size}")
        if found.sized:
            self.send_header("content-length", str(len(body)))
        else:
            self.send_header("connection", "close")
        self.end_headers()
        if found.cuts:
            self.wfile.write(body[: found.cuts.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def ranged(wanted: str, found: MediaFileAnswer, if_range: str | None) -> int | None:
    """Return where the asked range starts; ``None`` for the whole file."""
    match = re.fullmatch(r"bytes=(\d+)-", wanted)
    if not match or not found.ranges or if_range not in (None, found.etag):
        return None
    return int(match[1])


def draw_clip(path: Path, *, seconds: float = 2, size: str = "320x180", sound: bool = True) -> Path:
    """Draw a test picture with a tone, by ffmpeg: H.264 and AAC, or what the ending asks for."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"] if sound else []
    ffmpeg(*picture, *tone, "-pix_fmt", "yuv420p", "-shortest", str(path))
    return path


def draw_tone(path: Path, *, seconds: float = 2) -> Path:
    """Draw a tone alone."""
    ffmpeg("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", str(path))
    return path


def ffmpeg(*arguments: str) -> None:
    subprocess.run(
        [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", *arguments], check=True
    )

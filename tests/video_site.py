"""Pages on loopback, each with a video of its own; whole and broken ones, quick and slow."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from media.ffmpeg import ffmpeg_program
from tests.loopback import LoopbackServer
from tests.web import article_html

CHUNK = 16_384


def draw_clip_with_sound(
    path: Path, *, seconds: int = 2, sound: Path | None = None, late: float = 0
) -> Path:
    """A small film of a moving test card, with a tone or with what ``sound`` has.

    The sound begins ``late`` seconds after the pictures.
    """
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    command = [
        ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc=size=320x240:rate=10:duration={seconds}",
        "-itsoffset", str(late), *(["-i", str(sound)] if sound else tone),
        "-pix_fmt", "yuv420p", "-c:a", "aac", *([] if late else ["-shortest"]), str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=180)
    return path


class VideoSite(LoopbackServer):
    """``/page/N`` shows ``/clip/N.mp4``, ``/broken/N`` a file that is no video."""

    def __init__(self, clip: bytes, *, chunk_seconds: float = 0.0) -> None:
        self.clip, self.chunk_seconds = clip, chunk_seconds
        self.whole: list[str] = []
        """Clips that were sent to their last byte."""
        self.lock = threading.Lock()
        super().__init__(_Handler)

    def page(self, number: int) -> str:
        return f"{self.url}/page/{number}"

    def clip_of(self, number: int) -> bytes:
        """Every clip is another file: a box that players skip holds its number."""
        return self.clip + (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: VideoSite

    def do_GET(self) -> None:
        if found := re.fullmatch(r"/page/(\d+)", self.path):
            return self._page(f"/clip/{found[1]}.mp4", f"Video number {found[1]}")
        if found := re.fullmatch(r"/broken/(\d+)", self.path):
            return self._page(f"/broken/{found[1]}.mp4", f"Broken number {found[1]}")
        if found := re.fullmatch(r"/clip/(\d+)\.mp4", self.path):
            return self._send(self.server.clip_of(int(found[1])), "video/mp4")
        if self.path.startswith("/broken/"):
            return self._send(b"This is no video. " * 100, "video/mp4")
        return self._send(b"", "text/plain", status=404)

    def _page(self, clip: str, title: str) -> None:
        html = article_html(title).replace("</h1>", f'</h1><video src="{clip}" controls></video>')
        self._send(html.encode(), "text/html; charset=utf-8")

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        start = 0
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("range") or ""):
            start, status = min(int(asked[1]), len(body)), 206
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("accept-ranges", "bytes")
        self.send_header("etag", f'"{len(body)}"')
        if status == 206:
            self.send_header("content-range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("content-length", str(len(body) - start))
        self.end_headers()
        for at in range(start, len(body), CHUNK):
            if kind == "video/mp4":
                time.sleep(self.server.chunk_seconds)
            self.wfile.write(body[at : at + CHUNK])
        if kind == "video/mp4":
            with self.server.lock:
                self.server.whole.append(self.path)

    def log_message(self, *_: object) -> None:
        """Be silent."""

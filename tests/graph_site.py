"""A site that is a graph: ``/page/N`` links to its children, each page answers at its own pace."""

from __future__ import annotations

import random
import socket
import time
from http.server import BaseHTTPRequestHandler

from tests.loopback import LoopbackServer


class GraphSite(LoopbackServer):
    """What each page links to, says, and claims to be about; ``jitter`` is in seconds.

    A link is a page's number, or the whole address of one (on another host, perhaps).
    """

    def __init__(
        self,
        links: dict[int, list[int | str]],
        *,
        texts: dict[int, str] | None = None,
        categories: dict[int, str] | None = None,
        jitter: float = 0.0,
        robots: str = "",
        troubles: dict[int, int | str] | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.links, self.texts, self.categories = links, texts or {}, categories or {}
        self.jitter, self.robots, self.troubles = jitter, robots, troubles or {}
        self.fetched: list[int] = []
        self.times: list[float] = []
        self._random = random.Random(7)
        super().__init__(_Handler, address)

    def page(self, number: int) -> bytes:
        self.fetched.append(number)
        self.times.append(time.monotonic())
        time.sleep(self._random.random() * self.jitter)
        targets = [t if isinstance(t, str) else f"/page/{t}" for t in self.links.get(number, [])]
        anchors = "".join(f'<a href="{target}">{target}</a>' for target in targets)
        text = self.texts.get(number, f"page {number}")
        category = self.categories.get(number)
        meta = f'<meta name="category" content="{category}">' if category else ""
        return f"<html><title>page {number}</title>{meta}<p>{text}</p>{anchors}</html>".encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GraphSite

    def do_GET(self) -> None:
        if self.path == "/robots.txt" and self.server.robots:
            self._send(self.server.robots.encode(), "text/plain")
            return
        if not self.path.startswith("/page/"):
            self.send_response(404)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        number = int(self.path.rsplit("/", 1)[1])
        out = self.server.page(number)
        if trouble := self.server.troubles.get(number):
            self._make_trouble(trouble)
            return
        self._send(out, "text/html; charset=utf-8")

    def _make_trouble(self, trouble: int | str) -> None:
        """Answer a bare status, redirect to an address, or break the connection (``broken``)."""
        if trouble == "broken":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(trouble if isinstance(trouble, int) else 302)
        if isinstance(trouble, str):
            self.send_header("location", trouble)
        self.send_header("content-length", "0")
        self.end_headers()

    def _send(self, out: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_: object) -> None:
        pass

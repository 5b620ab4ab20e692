"""Sites on several loopback addresses, one port, whose routes are as bad as the web's worst."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
from http.server import BaseHTTPRequestHandler

from tests.loopback import LoopbackServer

MEGABYTE = 2**20


class HostileSite(LoopbackServer):
    """Serves ``routes`` (path to body, or to an address to redirect to); notes what is asked."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.routes: dict[str, bytes | str] = {}
        self.hits: list[str] = []
        self.agents: set[str] = set()
        self.statuses: dict[str, list[int]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        if ":" in address:
            self.address_family = socket.AF_INET6
        super().__init__(_Handler, address, port)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileSite

    def do_GET(self) -> None:
        site = self.server
        site.hits.append(self.path)
        site.agents.add(self.headers["user-agent"])
        special = {
            "/drip": self.drip,
            "/huge": self.huge,
            "/huge-chunked": self.chunks,
            "/bomb": self.bomb,
        }
        if self.path in special:
            with contextlib.suppress(OSError):
                special[self.path]()
            self.close_connection = True
            return
        statuses = site.statuses.get(self.path, [])
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0] if statuses else 0
        body = site.routes.get(self.path)
        if isinstance(body, str):
            self.answer(302, b"", {"location": body})
        elif body is None:
            self.answer(status or 404, b"", site.headers.get(self.path, {}))
        else:
            self.answer(status or 200, body, site.headers.get(self.path, {}))

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"content-type": "text/html"} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def drip(self) -> None:
        self.begin(content_length=str(MEGABYTE))
        for _ in range(600):
            self.wfile.write(b"<p>")
            time.sleep(0.1)

    def huge(self) -> None:
        self.begin(content_length=str(50 * MEGABYTE))
        for _ in range(50):
            self.wfile.write(b"<p>much</p> " * (MEGABYTE // 12))

    def chunks(self) -> None:
        self.begin(transfer_encoding="chunked")
        for _ in range(50):
            self.wfile.write(b"%x\r\n%s\r\n" % (MEGABYTE, b"x" * MEGABYTE))

    def bomb(self) -> None:
        body = gzip.compress(b"<p>much</p>" * (5 * MEGABYTE))
        self.answer(200, body, {"content-encoding": "gzip"})

    def log_message(self, *_: object) -> None:
        pass

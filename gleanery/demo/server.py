"""The server of the sample world."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from gleanery.demo.answer import Answer, Ask
from gleanery.demo.news import NewsSite
from gleanery.demo.reddit import Forum
from gleanery.demo.video import VideoSite
from gleanery.demo.world import World, load_world


class DemoServer(ThreadingHTTPServer):
    """Serves all three sites on a free loopback port; a context manager.

    Runs threads: leave it before the program ends.
    """

    daemon_threads = True

    def __init__(self, world: World | None = None) -> None:
        world = world or load_world()
        self.world = world
        self.sites = (Forum(world), VideoSite(world), NewsSite(world))
        self.asked: list[str] = []
        """Paths in the order they were asked for, queries included."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, ask: Ask) -> Answer:
        """Let the site that knows the path answer."""
        for site in self.sites:
            if (answer := site.answer(ask)) is not None:
                return answer
        return Answer(body=b"<h1>404</h1>", status=404)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: DemoServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        ask = Ask(
            method=self.command,
            path=unquote(parts.path).rstrip("/").removesuffix(".json"),
            query=dict(parse_qsl(parts.query)),
            form=dict(parse_qsl(body)),
            authorization=self.headers.get("authorization", ""),
            api_key=self.headers.get("x-goog-api-key", ""),
            base=self.server.url,
        )
        self._send(self.server.answer(ask))

    do_GET = do_POST = do_HEAD = _serve  # noqa: N815 (http.server's names)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Stay silent: the demo's own output is what people read."""

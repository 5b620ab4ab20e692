"""Replay recorded exchanges (``exchanges/1``, see the fixtures' README) over plain HTTP."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import LoopbackServer

Key = Callable[[str, str, str], Hashable]


def load_exchanges(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)["exchanges"]


def body_of(response: dict[str, Any]) -> bytes:
    if "body_b64" in response:
        return base64.b64decode(response["body_b64"])
    return (response.get("body") or "").encode()


def plain_key(method: str, url: str, body: str) -> Hashable:
    """Method, path, sorted query, sorted form body."""
    parts = urlsplit(url)
    form = (
        tuple(sorted(parse_qsl(body, keep_blank_values=True)))
        if "=" in body and body[:1] != "{"
        else body
    )
    return (
        method,
        parts.path.rstrip("/"),
        tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))),
        form,
    )


class Replay:
    """Answers in order per key, and repeats the last; remembers what it could not answer."""

    def __init__(self, exchanges: Iterable[dict[str, Any]], key: Key = plain_key) -> None:
        self.key = key
        self.answers: dict[Hashable, list[dict[str, Any]]] = defaultdict(list)
        self.used: dict[Hashable, int] = defaultdict(int)
        self.requests: list[tuple[str, str, str]] = []
        self.misses: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        for exchange in exchanges:
            request = exchange["request"]
            self.answers[key(request["method"], request["url"], request.get("body") or "")].append(
                exchange["response"]
            )

    def find(self, method: str, url: str, body: str) -> dict[str, Any] | None:
        key = self.key(method, url, body)
        with self._lock:
            self.requests.append((method, url, body))
            answers = self.answers.get(key)
            if not answers:
                self.misses.append((method, url, body))
                return None
            number = min(self.used[key], len(answers) - 1)
            self.used[key] += 1
            return answers[number]


class ReplayServer(LoopbackServer):
    """Serves a :class:`Replay` on a free loopback port; a context manager."""

    def __init__(self, replay: Replay, headers: dict[str, str] | None = None) -> None:
        self.replay = replay
        self.headers = headers or {}
        super().__init__(_Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ReplayServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(
            "utf-8", "replace"
        )
        found = self.server.replay.find(self.command, self.path, body)
        found = found or {
            "status": 404,
            "headers": {"content-type": "application/json"},
            "body": '{"message": "no recording", "error": 404}',
        }
        out = body_of(found)
        self.send_response(found["status"])
        for name, value in ((found.get("headers") or {}) | self.server.headers).items():
            if name.lower() not in ("content-length", "content-encoding", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    do_GET = do_POST = do_PUT = do_HEAD = _answer

    def log_message(self, *_: object) -> None:
        pass

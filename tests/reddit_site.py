"""A Reddit that answers as it is told, for what no recording holds: refusals, waits, cut ends."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from tests.loopback import LoopbackServer

TOKEN_PATH = "/api/v1/access_token"


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    """Bytes as they are; anything else as JSON; ``None`` = it is cut short."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    at: float
    """``time.monotonic()``."""
    path: str
    authorization: str


class RedditSite(LoopbackServer):
    """``routes``: path to answers, given in order, the last one again and again."""

    def __init__(self, routes: dict[str, list[Answer]], *, refused: tuple[str, ...] = ()) -> None:
        self.routes = {path.rstrip("/"): answers for path, answers in routes.items()}
        self.refused = set(refused)
        """Tokens that are answered 401."""
        self.asked: list[Asked] = []
        self.tokens = 0
        self._given: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        super().__init__(_Handler)

    def answer(self, target: str, authorization: str) -> Answer:
        path = urlsplit(target).path.rstrip("/")
        with self._lock:
            self.asked.append(Asked(time.monotonic(), path, authorization))
            if path == TOKEN_PATH and path not in self.routes:
                self.tokens += 1
                return token(f"token-{self.tokens}")
            if authorization.removeprefix("bearer ") in self.refused:
                return Answer(401, {"message": "Unauthorized", "error": 401})
            answers = self.routes.get(path)
            if not answers:
                return Answer(404, {"message": "Not Found", "error": 404})
            number = min(self._given[path], len(answers) - 1)
            self._given[path] += 1
            return answers[number]

    def times(self, path: str) -> list[float]:
        return [asked.at for asked in self.asked if asked.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RedditSite

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        answer = self.server.answer(self.path, self.headers.get("authorization", ""))
        if answer.body is None:
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"kind": "Listing"')
            self.close_connection = True
            return
        plain = isinstance(answer.body, bytes)
        body = answer.body if plain else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "text/html" if plain else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        pass


def token(text: str) -> Answer:
    body = {"access_token": text, "token_type": "bearer", "expires_in": 3600, "scope": "*"}
    return Answer(200, body)


def post(key: str, **more: Any) -> dict[str, Any]:
    fields = {"id": key, "name": f"t3_{key}", "title": f"Post {key}", "is_self": True}
    fields |= {"selftext": "", "permalink": f"/r/x/comments/{key}/_/", "created_utc": 1.7e9}
    return {"kind": "t3", "data": fields | {"author": "a", "subreddit": "x"} | more}


def comment(key: str, parent: str, of: str, replies: Any = "", **more: Any) -> dict[str, Any]:
    fields = {"id": key, "name": f"t1_{key}", "parent_id": parent, "link_id": f"t3_{of}"}
    fields |= {"body": f"Comment {key}", "author": "a", "subreddit": "x", "replies": replies}
    return {"kind": "t1", "data": fields | more}


def listing(*children: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children), "after": after}}


def thread(of: dict[str, Any], *comments: dict[str, Any]) -> list[dict[str, Any]]:
    return [listing(of), listing(*comments)]

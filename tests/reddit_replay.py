"""Replay PRAW's cassettes to a spider that asks for the same things in words of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.replay import Replay, ReplayServer, load_exchanges

CREDENTIALS = {"GLEANERY_REDDIT_CLIENT_ID": "an-id", "GLEANERY_REDDIT_CLIENT_SECRET": "a-secret"}
_PRESENTATION = {"limit", "raw_json", "syntax", "restrict_sr", "include_over_18"}
"""Parameters that change how much comes at once, or nothing; PRAW set them otherwise."""


def cassette(fixtures: Path, name: str) -> list[dict[str, Any]]:
    return load_exchanges(fixtures / "reddit" / "praw_cassettes" / f"{name}.json.gz")


def expected(fixtures: Path, name: str) -> tuple[set[str], set[str]]:
    """Identities of the posts and of the comments in a cassette."""
    path = fixtures / "reddit" / "praw_cassettes" / "expected" / f"{name}.json"
    truth = json.loads(path.read_text("utf-8"))
    return (
        {f"reddit:t3_{key}" for key in truth["post_ids"]},
        {f"reddit:t1_{key}" for key in truth["comment_ids"]},
    )


def reddit_key(method: str, url: str, body: str) -> Hashable:
    parts = urlsplit(url)
    path = re.sub(r"^(/user/[^/]+)$", r"\1/overview", parts.path.rstrip("/"))
    path = path.replace("<TEST_SUBREDDIT>", "test_subreddit")  # PRAW's placeholder is no name
    query = frozenset((k, v) for k, v in parse_qsl(parts.query) if k not in _PRESENTATION)
    if any(k == "context" for k, _ in query):
        # Each shows 8 levels above its comment; recorded from the bottom up, in our order.
        path = path.rpartition("/")[0]
    return method, path, query, frozenset(parse_qsl(body))


class RedditReplay(Replay):
    """Also answers ``morechildren`` for a part of what a recorded call asked for."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        super().__init__(exchanges, reddit_key)
        self.more = [
            (_children(e["request"].get("body") or ""), e["response"])
            for e in exchanges
            if "/api/morechildren" in e["request"]["url"]
        ]

    def find(self, method: str, url: str, body: str) -> dict[str, Any] | None:
        asked = _children(body) if "/api/morechildren" in url else set()
        recorded = [(children, answer) for children, answer in self.more if asked <= children]
        if asked and recorded:
            self.requests.append((method, url, body))
            return min(recorded, key=lambda pair: len(pair[0]))[1]
        return super().find(method, url, body)


def _children(body: str) -> set[str]:
    return set(",".join(parse_qs(body).get("children", [])).split(",")) - {""}


def serve(exchanges: list[dict[str, Any]]) -> ReplayServer:
    return ReplayServer(RedditReplay(exchanges))


def at(server: ReplayServer) -> dict[str, str]:
    """Environment that points the spider to ``server``."""
    return CREDENTIALS | {
        "GLEANERY_REDDIT_URL": server.url,
        "GLEANERY_REDDIT_OAUTH_URL": server.url,
    }

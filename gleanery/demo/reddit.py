"""The forum: Reddit's API as PRAW and our spider meet it.

Source of the shapes: https://www.reddit.com/dev/api and PRAW's recorded answers.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from gleanery.demo.answer import Answer, Ask, json_answer, page_of
from gleanery.demo.thread import Thread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gleanery.demo.world import World

SUBREDDIT = "gleanery"
PAGE = 10
"""Posts in one listing at most, so that a crawl has to page."""
CLIENT = ("demo", "demo")
"""Client id and secret: the only ones that are accepted."""
TOKEN = "demo-token"  # noqa: S105 (opens nothing but this sample)
_SORTS = ("hot", "new", "top", "rising", "controversial", "best")
_LIMITS = {
    "x-ratelimit-remaining": "995.0",
    "x-ratelimit-used": "1",
    "x-ratelimit-reset": "300",
}


class Forum:
    """One subreddit with its posts and their comment trees."""

    def __init__(self, world: World) -> None:
        self.threads = [Thread(row, SUBREDDIT, world.instant(row)) for row in world.posts]
        self._by_id = {thread.id: thread for thread in self.threads}

    def answer(self, ask: Ask) -> Answer | None:
        """Answer a request to the API, or return ``None`` if it is not for the forum."""
        if ask.path == "/api/v1/access_token":
            return _token(ask)
        if ask.parts[:1] not in (["r"], ["comments"], ["search"], ["api"]):
            return None
        if ask.authorization.lower() != f"bearer {TOKEN}":
            return json_answer({"message": "Unauthorized", "error": 401}, status=401)
        value = self._value(ask)
        if value is None:
            return json_answer({"message": "Not Found", "error": 404}, status=404)
        return json_answer(value, headers=_LIMITS)

    def _value(self, ask: Ask) -> Any:
        parts = ask.parts
        if parts[0] == "api":
            return self._api(parts[1:], ask.query | ask.form)
        if parts[0] == "r":
            if len(parts) == 1 or parts[1].lower() != SUBREDDIT:
                return None
            parts = parts[2:] or ["hot"]
        if parts[0] == "comments" and len(parts) > 1:
            thread = self._by_id.get(parts[1])
            focus = parts[3] if len(parts) > 3 else ask.query.get("comment")
            return thread.page(focus) if thread else None
        if parts[0] == "search":
            return _listing(self._matching(ask.query.get("q", "")), ask.query)
        return _listing(self._sorted(parts[0]), ask.query) if parts[0] in _SORTS else None

    def _api(self, parts: list[str], given: dict[str, str]) -> Any:
        if parts == ["info"]:
            names = given.get("id", "").split(",")
            found = [t.post for t in self.threads if f"t3_{t.id}" in names]
            return _listing_of(found, None)
        thread = self._by_id.get(given.get("link_id", "").removeprefix("t3_"))
        if parts != ["morechildren"] or thread is None:
            return None
        things = thread.more(given.get("children", "").split(","))
        return {"json": {"errors": [], "data": {"things": things}}}

    def _sorted(self, sort: str) -> list[Thread]:
        if sort in ("top", "controversial"):
            return sorted(self.threads, key=lambda t: -int(t.post["data"]["score"]))
        return sorted(self.threads, key=lambda t: -float(t.post["data"]["created_utc"]))

    def _matching(self, text: str) -> list[Thread]:
        words = text.casefold().split()
        return [t for t in self.threads if all(word in t.searchable for word in words)]


def _token(ask: Ask) -> Answer:
    scheme, _, code = ask.authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = secret = ""
    if scheme.lower() != "basic" or (name, secret) != CLIENT:
        return json_answer({"message": "Unauthorized", "error": 401}, status=401)
    lasting = {"token_type": "bearer", "expires_in": 86400, "scope": "*"}
    return json_answer({"access_token": TOKEN} | lasting)


def _listing(threads: list[Thread], query: dict[str, str]) -> dict[str, Any]:
    names = [f"t3_{thread.id}" for thread in threads]
    after = query.get("after", "")
    start = names.index(after) + 1 if after in names else 0
    size = min(PAGE, int(query.get("limit", PAGE)))
    shown, following = page_of(threads, start, size)
    return _listing_of((t.post for t in shown), names[following - 1] if following else None)


def _listing_of(children: Iterable[dict[str, Any]], after: str | None) -> dict[str, Any]:
    kept = list(children)
    data = {"after": after, "before": None, "dist": len(kept), "modhash": "", "children": kept}
    return {"kind": "Listing", "data": data}

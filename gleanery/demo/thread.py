"""One post of the forum and its comment tree, in Reddit's shapes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

Thing = dict[str, Any]
"""``{"kind": "t1" | "t3" | "more" | "Listing", "data": {…}}``"""


class Thread:
    """A post (``t3``), its comments (``t1``): shown, behind "more", and further down."""

    def __init__(self, row: dict[str, Any], subreddit: str, instant: datetime) -> None:
        self.id: str = row["id"]
        self.subreddit = subreddit
        self._instant = instant
        self._number = 0
        self._rows: dict[str, dict[str, Any]] = {}
        self.comments = [self._numbered(comment) for comment in row.get("comments", [])]
        self.searchable = f"{row['title']} {row['text']}".casefold()
        self.post: Thing = {"kind": "t3", "data": self._post(row)}

    def page(self, focus: str | None = None) -> list[Thing] | None:
        """Return the two listings of a comment page, or of one comment's; ``None``: unknown."""
        if focus is None:
            children = self._children(self.comments, f"t3_{self.id}", 0)
        elif focus in self._rows:
            row = self._rows[focus]
            children = [self._comment(row, row["parent"], 0, opened=True)]
        else:
            return None
        return [_listing([self.post]), _listing(children)]

    def more(self, ids: list[str]) -> list[Thing]:
        """Return the comments ``ids`` and all below them, flat, as ``/api/morechildren`` does."""
        things: list[Thing] = []
        for row in (self._rows[i] for i in ids if i in self._rows):
            things.append(self._comment(row, row["parent"], row["level"], flat=True))
            things += self.more([reply["id"] for reply in row.get("replies", [])])
        return things

    def _numbered(
        self, row: dict[str, Any], parent: str | None = None, level: int = 0
    ) -> dict[str, Any]:
        self._number += 1
        name = f"{self.id}c{self._number:02d}"
        replies = [self._numbered(r, f"t1_{name}", level + 1) for r in row.get("replies", [])]
        own = {"id": name, "parent": parent or f"t3_{self.id}", "level": level, "replies": replies}
        self._rows[name] = row | own
        return self._rows[name]

    def _post(self, row: dict[str, Any]) -> dict[str, Any]:
        permalink = f"/r/{self.subreddit}/comments/{self.id}/_/"
        return self._author_of(row) | {
            "id": self.id,
            "name": f"t3_{self.id}",
            "title": row["title"],
            "selftext": row["text"],
            "is_self": True,
            "domain": f"self.{self.subreddit}",
            "permalink": permalink,
            "url": f"https://www.reddit.com{permalink}",
            "subreddit_id": "t5_gleanery",
            "link_flair_text": row.get("flair"),
            "num_comments": len(self._rows),
            "upvote_ratio": 0.94,
            "over_18": False,
            "removed_by_category": None,
            "created_utc": self._instant.timestamp(),
        }

    def _author_of(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "author": row["author"],
            "author_flair_text": None,
            "subreddit": self.subreddit,
            "subreddit_name_prefixed": f"r/{self.subreddit}",
            "score": row["score"],
            "ups": row["score"],
            "score_hidden": False,
            "edited": False,
            "stickied": False,
        }

    def _comment(
        self,
        row: dict[str, Any],
        parent: str,
        depth: int,
        *,
        opened: bool = False,
        flat: bool = False,
    ) -> Thing:
        replies = [] if flat else list(self._replies(row, depth, opened=opened))
        written = self._instant + timedelta(minutes=7 * int(row["id"][-2:]))
        data = self._author_of(row) | {
            "id": row["id"],
            "name": f"t1_{row['id']}",
            "parent_id": parent,
            "link_id": f"t3_{self.id}",
            "body": row["text"],
            "is_submitter": row["author"] == self.post["data"]["author"],
            "depth": depth,
            "permalink": f"/r/{self.subreddit}/comments/{self.id}/_/{row['id']}/",
            "created_utc": written.timestamp(),
            "replies": _listing(replies) if replies else "",
        }
        return {"kind": "t1", "data": data}

    def _replies(self, row: dict[str, Any], depth: int, *, opened: bool) -> Iterator[Thing]:
        name = f"t1_{row['id']}"
        if row.get("continued") and not opened:
            yield _more(name, "_", depth + 1, [], 0)
            return
        yield from self._children(row["replies"], name, depth + 1)

    def _children(self, rows: list[dict[str, Any]], parent: str, depth: int) -> list[Thing]:
        things = [self._comment(r, parent, depth) for r in rows if not r.get("hidden")]
        hidden = [r["id"] for r in rows if r.get("hidden")]
        if hidden:
            things.append(_more(parent, hidden[0], depth, hidden, len(self.more(hidden))))
        return things


def _more(parent: str, name: str, depth: int, children: list[str], count: int) -> Thing:
    """A "more" thing; one without children is Reddit's "continue this thread"."""
    data = {"id": name, "name": f"t1_{name}", "parent_id": parent, "depth": depth}
    return {"kind": "more", "data": data | {"count": count, "children": children}}


def _listing(children: list[Thing]) -> Thing:
    data = {"after": None, "before": None, "dist": None, "modhash": "", "children": children}
    return {"kind": "Listing", "data": data}

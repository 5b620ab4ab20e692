"""Items: search and filter, page by page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel, Field, field_validator
from starlette.responses import Response

from admin.cursor import read_cursor, write_cursor
from admin.desk import Desk
from admin.gate import AtDesk, Gate
from admin.rendering import show
from items.base import KINDS
from storage.item_filter import ItemFilter

gate = Gate()
ROWS = 50
FOUND = 100
"""Items that a search for words gives at most, best first."""


class Asked(BaseModel):
    """What a visitor looks for; empty = any."""

    q: str = Field("", max_length=300)
    """Words of title or text."""
    category: str = Field("", max_length=100)
    platform: str = Field("", max_length=100)
    kind: str = Field("", max_length=32)
    since: date | None = None
    """First day it may have been fetched (UTC)."""
    until: date | None = None
    """Last day."""
    quality: float | None = Field(None, ge=0, le=1)
    """Least score."""
    review: Literal["", "yes", "no"] = ""
    """Whether somebody should look at its category."""
    after: str = Field("", max_length=80)
    """Where the page before ended."""

    @field_validator("since", "until", "quality", mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return value or None  # a form sends empty fields, too

    def wanted(self) -> ItemFilter:
        """Return it as stores take it."""
        return ItemFilter(
            category=self.category or None,
            platform=self.platform or None,
            kind=self.kind or None,
            fetched_since=_midnight(self.since) if self.since else None,
            fetched_until=_midnight(self.until + timedelta(days=1)) if self.until else None,
            min_quality=self.quality,
            needs_review={"yes": True, "no": False}.get(self.review),
        )


Query_ = Annotated[Asked, Query()]


@gate.page("/items", role="viewer")
def page(request: Request, desk: AtDesk, asked: Query_) -> Response:
    """Show those that are asked for."""
    found = looked(desk, asked)
    kept = asked.model_dump(exclude={"after"}, exclude_none=True)
    given = {k: v for k, v in kept.items() if v}
    more = urlencode(given | {"after": found["next"]}) if found["next"] else ""
    return show(
        request, "items", asked=asked, rows=found["items"], more=more, query=urlencode(given),
        categories=desk.taxonomy.categories, kinds=sorted(KINDS),
    )  # fmt: skip


@gate.read("/items", role="viewer")
def api(desk: AtDesk, asked: Query_) -> dict[str, Any]:
    """Give those that are asked for, and ``next``, to be sent as ``after``."""
    return looked(desk, asked)


def looked(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Return ``items`` and ``next``, empty on the last page."""
    wanted = asked.wanted()
    if asked.q:
        rows = desk.store.search(asked.q, limit=FOUND, wanted=wanted)
        return {"items": rows, "next": ""}
    found = desk.store.page(wanted, after=read_cursor(asked.after), limit=ROWS)
    return {"items": found.rows, "next": write_cursor(found.next)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)

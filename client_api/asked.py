"""What a request may ask for; anything else is refused, misspelt parameters too."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from client_api.cursors import LONGEST
from storage import ItemFilter

MOST = 100
"""Items in one answer."""


def _in_utc(value: datetime) -> datetime:
    """Return an instant in UTC; beyond the first and the last year there is none."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)


def _written_out(value: object) -> object:
    """Return what looks like RFC 3339; pydantic alone takes numbers, as seconds or more."""
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.match(value)):
        return value
    raise ValueError("write an instant, e.g. 2026-11-01T00:00:00Z")


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d", re.ASCII)
Instant = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Identity = Annotated[str, Field(min_length=1, max_length=2048, examples=["reddit:t3_1abc"])]


class Wanted(BaseModel):
    """Filters; all that are given hold."""

    model_config = ConfigDict(extra="forbid")

    category: Name | None = Field(None, examples=["food"])
    subcategory: Name | None = None
    platform: Name | None = Field(None, examples=["reddit"])
    kind: Literal["post", "comment", "article", "video", "author"] | None = None
    language: Name | None = Field(None, examples=["ko"])
    author: Name | None = None
    fetched_since: Instant | None = Field(None, examples=["2026-11-01T00:00:00Z"])
    fetched_until: Instant | None = Field(None, description="Not itself.")
    published_since: Instant | None = None
    published_until: Instant | None = None
    min_quality: float | None = Field(None, ge=0, le=1, examples=[0.6])
    needs_review: bool | None = None

    def filter(self, **more: Any) -> ItemFilter:
        """Return the store's filter."""
        names = Wanted.model_fields
        return ItemFilter(**{name: getattr(self, name) for name in names}, **more)


class Listing(Wanted):
    """Filters of a list, and its page."""

    sort: Literal["fetched", "published"] = Field(
        "fetched", description="Newest first by this; `published` leaves out what states none."
    )
    limit: int = Field(20, ge=1, le=MOST)
    cursor: str | None = Field(None, min_length=1, max_length=LONGEST)

    def asked(self) -> dict[str, object]:
        """Return what a cursor belongs to."""
        return self.model_dump(exclude={"cursor", "limit"})


class Search(Wanted):
    """Words and filters."""

    q: str = Field(min_length=1, max_length=300, examples=["서울 여행"])
    limit: int = Field(20, ge=1, le=MOST)


class One(BaseModel):
    """One item."""

    model_config = ConfigDict(extra="forbid")

    identity: Identity


class Under(One):
    """What stands under an item, page by page."""

    limit: int = Field(20, ge=1, le=MOST)
    cursor: str | None = Field(None, min_length=1, max_length=LONGEST)


class Hot(BaseModel):
    """Hot topics."""

    model_config = ConfigDict(extra="forbid")

    category: Name | None = Field(None, description="Of runs over it; none = of runs over all.")
    limit: int = Field(20, ge=1, le=MOST)


class Like(One):
    """What is like an item."""

    limit: int = Field(10, ge=1, le=MOST)

"""When a page appeared."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from items.clock import to_utc

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_META_KEYS = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "publishdate",
    "pubdate",
    "sailthru.date",
    "parsely-pub-date",
    "article.published",
    "last-modified",
)
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")


def published_at(
    tree: HtmlElement, meta: dict[str, str], stated: dict[str, Any], guessed: str | None
) -> datetime | None:
    """Return when the page appeared, UTC.

    JSON-LD ``datePublished``, then ``<meta>``, then ``<time datetime>``, then htmldate's day
    (midnight). A time without an offset is taken as UTC; what lies more than two days ahead or
    before 1990 is a mistake and not believed.

    Args:
        tree: The parsed page.
        meta: ``<meta>`` contents by lower-case name.
        stated: The article's JSON-LD object.
        guessed: A day as htmldate found it, ``YYYY-MM-DD``.
    """
    times = (str(t) for t in tree.xpath("//article//time/@datetime"))
    metas = (meta.get(key) for key in _META_KEYS)
    for text in (stated.get("datePublished"), *metas, *times, guessed):
        instant = read_instant(text) if isinstance(text, str) else None
        if instant is not None:
            return instant
    return None


def read_instant(text: str) -> datetime | None:
    """Read an ISO 8601 instant as pages write it; ``None`` if it is none or out of all reason."""
    plain = _OFFSET.sub(r"\1:\2", text.strip())
    try:
        instant = to_utc(datetime.fromisoformat(plain)).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    latest = datetime.now(UTC) + timedelta(days=2)
    return instant if datetime(1990, 1, 1, tzinfo=UTC) <= instant <= latest else None

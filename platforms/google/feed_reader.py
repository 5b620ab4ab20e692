"""RSS and Atom, the malformed ones too."""

from __future__ import annotations

import calendar
import io
import re
from datetime import UTC, datetime
from typing import Any

import feedparser
from w3lib.html import remove_tags, replace_entities

from gleanery.errors import ExtractionError
from platforms.google.provider import Listing, Result

_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
"""What feedparser reports although every entry was read."""


def read_feed(body: bytes, url: str, *, content_type: str = "") -> Listing:
    """Read the entries of a feed, in its order; those without an http(s) address are left out.

    Args:
        body: The feed as fetched.
        url: Where from; relative links are resolved against it.
        content_type: The server's header; its charset goes before the one the document states.

    Raises:
        ExtractionError: It is no feed at all.
    """
    headers = {"content-location": url, "content-type": _kind(body, content_type)}
    # a stream: given bytes, feedparser would take some for a file name or an address
    feed = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False)
    if not feed.entries and not feed.get("version"):
        raise ExtractionError(f"{url}: no RSS or Atom feed ({_what(body)})")
    results = [result for entry in feed.entries if (result := _result(entry))]
    listing = Listing(results=results)
    if feed.bozo and not isinstance(feed.bozo_exception, _HARMLESS):
        listing.problem = f"malformed feed ({feed.bozo_exception}), {len(results)} entries read"
    elif len(results) < len(feed.entries):
        listing.problem = f"{len(feed.entries) - len(results)} entries have no usable address"
    return listing


def _kind(body: bytes, content_type: str) -> str:
    """Return the content type that makes feedparser choose the right encoding.

    Text of another encoding is never valid UTF-8 by accident, so that goes first. Without a charset
    feedparser would take ``text/*`` for Latin-1, whatever the document says.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return content_type if "charset" in content_type.lower() else "application/xml"
    return "application/xml; charset=utf-8"


def plain(text: str) -> str:
    """Return feed text without tags, entities and surplus white space."""
    return re.sub(r"\s+", " ", replace_entities(remove_tags(text))).strip()


def _result(entry: Any) -> Result | None:
    link = entry.get("link") or ""
    if not re.match(r"https?://[^/?#\s]+", link, re.IGNORECASE):
        return None
    stamp = entry.get("published_parsed") or entry.get("updated_parsed")
    return Result(
        url=link.strip(),
        title=plain(entry.get("title", "")),
        published_at=_instant(stamp),
        site=(entry.get("source") or {}).get("title"),
    )


def _instant(stamp: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(stamp), UTC) if stamp else None
    except (ValueError, OverflowError, OSError):
        return None


def _what(body: bytes) -> str:
    if not body.strip():
        return "an empty answer"
    return "an HTML page" if b"<html" in body[:2000].lower() else f"{len(body)} bytes of else"

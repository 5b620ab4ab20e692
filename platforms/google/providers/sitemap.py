"""Sitemaps and sitemap indexes (sitemaps.org protocol 0.9), news sitemaps, gzip or not."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import TYPE_CHECKING

from lxml import etree

from gleanery.errors import ExtractionError
from items.clock import to_utc
from platforms.google.provider import Listing, Result, Search, SearchProvider, check_address

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 60_000_000
"""Unpacked size that is read; the protocol allows 50 MiB a file."""


class SitemapProvider(SearchProvider):
    """Follows the pages of a sitemap, and first the sitemaps of an index."""

    name = "sitemap"
    kinds = ("sitemap",)

    def check(self, search: Search) -> None:
        check_address(search.value, search.kind)

    def start(self, search: Search) -> Listing:
        return Listing(more=[search.value])

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        try:
            root = etree.fromstring(_unpacked(body, url), _parser())
        except etree.XMLSyntaxError as error:
            raise ExtractionError(f"{url}: no sitemap ({error})") from error
        kind = _name(root) if root is not None else "nothing"
        if kind not in ("urlset", "sitemapindex"):
            raise ExtractionError(f"{url}: no sitemap (its root is {kind!r})")
        listing = Listing()
        for element in root:
            facts = {_name(e): (e.text or "").strip() for e in element.iter() if e is not element}
            if not facts.get("loc", "").startswith(("http://", "https://")):
                continue
            if kind == "sitemapindex":
                listing.more.append(facts["loc"])
            else:
                listing.results.append(_result(facts))
        # libxml2 has mended what it could; what is past the fault is lost
        listing.problem = "malformed or cut off" if root.getroottree().parser.error_log else ""
        return listing


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True
    )


def _result(facts: dict[str, str]) -> Result:
    return Result(
        url=facts["loc"],
        title=facts.get("title", ""),
        # lastmod says when a page changed, not when it appeared: only news sitemaps state that
        published_at=_instant(facts.get("publication_date", "")),
        site=facts.get("name") or None,
    )


def _instant(text: str) -> datetime | None:
    try:
        return to_utc(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _unpacked(body: bytes, url: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    return b"".join(_chunks(body, url))


def _chunks(body: bytes, url: str) -> Iterator[bytes]:
    unpack, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    try:
        while body:
            chunk = unpack.decompress(body, 1_000_000)
            size += len(chunk)
            if size > MAX_BYTES:
                raise ExtractionError(f"{url}: unpacks to more than {MAX_BYTES:,} bytes")
            yield chunk
            body = unpack.unconsumed_tail
    except zlib.error as error:
        raise ExtractionError(f"{url}: broken gzip ({error})") from error

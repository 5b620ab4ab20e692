"""Refuse items that no store could keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

from items import Item

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MAX_TEXT = 1_000_000
"""Characters of a body that are kept; what is longer is cut, and counted."""


class ValidatePipeline:
    """Drops what has no identity; cleans what no database takes (NUL, lone surrogates).

    What the platform says its author has deleted is marked, see ``gleanery purge``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return the cleaned item, or raise ``DropItem`` if it lacks an id or an address."""
        if not isinstance(item, Item) or not item.external_id or not item.platform or not item.url:
            self.stats.inc_value("validate/dropped")
            raise DropItem(f"no identity: {item!r:.200}")
        if getattr(item, "removed", None) == "deleted":
            item.deleted_at_source = item.fetched_at
        for name in ("title", "text", "author"):
            value = getattr(item, name)
            if value:
                setattr(item, name, _storable(value))
        if len(item.text) > MAX_TEXT:
            item.text = item.text[:MAX_TEXT]
            self.stats.inc_value("validate/cut")
        return item


def _storable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\x00", "")

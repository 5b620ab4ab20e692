"""Drop items already seen in this crawl."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item


class DedupPipeline:
    """Drops an item whose identity this crawl has seen; stores upsert what other crawls saw."""

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats
        self._seen: set[bytes] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return ``item``, or raise ``DropItem`` the second time its identity comes."""
        key = blake2b(item.identity.encode(), digest_size=8).digest()
        if key in self._seen:
            self.stats.inc_value("dedup/dropped")
            raise DropItem(f"seen before: {item.identity}", log_level="DEBUG")
        self._seen.add(key)
        return item

"""Drop what was purged before anything is done with it."""

from __future__ import annotations

import asyncio
import logging
import time
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

from gleanery.errors import StoreError
from storage import configured_store
from storage.book import TOMBSTONES
from storage.tombstones import marks_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item
    from storage.store import Store

logger = logging.getLogger(__name__)
RENEW_SECONDS = 5.0
"""Age after which it is asked whether there are new tombstones; the store itself knows at once."""


class PurgedPipeline:
    """Keeps the first 8 bytes of each tombstone in memory: 8 MB for a million."""

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats
        self.store: Store = configured_store(crawler.settings.get)
        self._marks = array("Q")  # ascending
        self._newest: object = None
        self._is_open = False
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        await self._renew()

    async def close_spider(self) -> None:
        await asyncio.to_thread(self.store.close)

    async def process_item(self, item: Item) -> Item:
        """Return ``item``, or raise ``DropItem`` if it, or its author, was purged."""
        await self._renew()
        if any(self._is_buried(mark) for mark in marks_of(item)):
            self.stats.inc_value("purge/dropped")
            raise DropItem("purged before", log_level="DEBUG")
        return item

    def _is_buried(self, mark: str) -> bool:
        # By accident: once in 10¹³ items, where there are a million tombstones.
        wanted = int(mark[:16], 16)
        place = bisect_left(self._marks, wanted)
        return place < len(self._marks) and self._marks[place] == wanted

    async def _renew(self) -> None:
        if time.monotonic() - self._asked_at < RENEW_SECONDS or self._asking.locked():
            return
        async with self._asking:
            try:
                await asyncio.to_thread(self._read)
            except StoreError as error:  # it is asked again when items are saved
                logger.warning("Tombstones cannot be read now: %s", error)
            self._asked_at = time.monotonic()

    def _read(self) -> None:
        if not self._is_open:
            self.store.open()
            self._is_open = True
        book = self.store.book(TOMBSTONES)
        newest = book.listed(newest=True, limit=1)
        if newest == self._newest:
            return
        marks = (int(record["key"][:16], 16) for record in book.scan())
        self._marks = array("Q", sorted(marks))
        self._newest = newest

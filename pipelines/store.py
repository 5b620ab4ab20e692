"""Save items, many in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem

from gleanery.errors import StoreError, StoreUnavailableError, WriteRejectedError
from gleanery.signals import store_away, store_back
from pipelines.spooling import Spooling
from storage import configured_store
from storage.spool import configured_spool

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item

BATCH = 200
"""Items in one transaction at most."""


class NotStored(DropItem):
    """The crawl ends while an item has no place to wait in."""

    untried = True
    """The frontier puts the item's page back, for a run that goes on with the crawl."""


class StorePipeline:
    """Saves through the ``Store`` chosen by ``STORE``; an item leaves once it is on disk.

    While the store is away that is the spool's disk; while that is full, items wait (``Spooling``).

    What arrives while a transaction runs makes up the next one. A store of servers gets as many at
    once as it says; an item is never in two of them, so its copies stay in order.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler, self.stats = crawler, crawler.stats
        self.store = configured_store(crawler.settings.get)
        self.store.open()  # before the spider opens: a store that fails must stop the crawl cleanly
        self.spooling = Spooling(
            self.store,
            configured_spool(self.store, crawler.settings.get),
            crawler.stats,
            on_change=self._tell,
            is_closing=self._is_closing,
        )
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[None]]] = asyncio.Queue()
        self._writers: list[asyncio.Task[None]] = []
        self._writing: set[str] = set()
        self._taking = asyncio.Lock()
        self._ended = asyncio.Event()
        self._storing = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        await self.spooling.open()
        self._writers = [asyncio.create_task(self._write()) for _ in range(self.store.writers)]

    async def close_spider(self) -> None:
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        await self.spooling.close()
        await asyncio.to_thread(self.store.close)

    async def process_item(self, item: Item) -> Item:
        """Return ``item`` once it is stored, or waits on disk to be.

        Raises:
            StoreError: The store refused it.
            NotStored: The crawl ends, the store is away and the spool is full.
        """
        stored = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, stored))
        self._count_storing(1)
        try:
            with self.spooling.tracing(item):
                await stored
        except StoreUnavailableError as error:
            raise NotStored(str(error)) from error
        except StoreError:
            self.stats.inc_value("store/failed")
            raise
        return item

    def _count_storing(self, change: int) -> None:
        self._storing += change
        self.stats.set_value("store/queued", self._storing)

    async def _write(self) -> None:
        while True:
            async with self._taking:  # whoever takes a batch keeps its turn
                batch = await self._take()
            try:
                await self._save(batch)
            finally:
                self._count_storing(-len(batch))
                self._writing.difference_update(item.identity for item, _ in batch)
                self._ended.set()

    async def _take(self) -> list[tuple[Item, asyncio.Future[None]]]:
        """Return what waits, once no other task is writing any of these items."""
        batch = [await self._waiting.get()]
        while len(batch) < BATCH and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        identities = {item.identity for item, _ in batch}
        while identities & self._writing:
            self._ended.clear()
            await self._ended.wait()
        self._writing |= identities
        return batch

    async def _save(self, batch: list[tuple[Item, asyncio.Future[None]]]) -> None:
        try:
            kept = await self.spooling.keep([item for item, _ in batch])
        except WriteRejectedError as error:
            if len(batch) > 1:  # one bad item must not take the others with it
                for pair in batch:
                    await self._save([pair])
                return
            _settle(batch, error)
        except StoreError as error:
            _settle(batch, error)
        else:
            for kind, number in Counter(item.kind for item, _ in batch[:kept]).items():
                self.stats.inc_value(f"store/saved/{kind}", number)
            _settle(batch[:kept], None)
            away = StoreUnavailableError("the store is away, the spool is full, the crawl ends")
            _settle(batch[kept:], away)

    def _tell(self, away: bool) -> None:
        self.crawler.signals.send_catch_log(store_away if away else store_back)

    def _is_closing(self) -> bool:
        """Whether the engine waits for its last items; Scrapy has no signal for that."""
        engine: Any = self.crawler.engine
        slot = engine and engine._slot
        return slot is not None and slot.closing is not None


def _settle(batch: list[tuple[Item, asyncio.Future[None]]], error: StoreError | None) -> None:
    for _, stored in batch:
        if stored.done():
            continue
        if error:
            stored.set_exception(error)
        else:
            stored.set_result(None)

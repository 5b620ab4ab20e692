"""Save items, many in one transaction."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from gleanery.errors import StoreError, StoreUnavailableError, WriteRejectedError
from storage import configured_store

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item

logger = logging.getLogger(__name__)

BATCH = 200
"""Items in one transaction at most."""
RETRIES = 5
"""Attempts while the store is away, each twice as long after the other, from 0.2 s."""


class StorePipeline:
    """Saves through the ``Store`` chosen by ``STORE``; an item leaves once it is on disk.

    What arrives while a transaction runs makes up the next one. A store of servers gets as many at
    once as it says; an item is never in two of them, so its copies stay in order.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats
        self.store = configured_store(crawler.settings.get)
        self.store.open()  # before the spider opens: a store that fails must stop the crawl cleanly
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[None]]] = asyncio.Queue()
        self._writers: list[asyncio.Task[None]] = []
        self._writing: set[str] = set()
        self._taking = asyncio.Lock()
        self._ended = asyncio.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        self._writers = [asyncio.create_task(self._write()) for _ in range(self.store.writers)]

    async def close_spider(self) -> None:
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        await asyncio.to_thread(self.store.close)

    async def process_item(self, item: Item) -> Item:
        """Return ``item`` once it is stored.

        Raises:
            StoreError: The store refused it, or stayed away.
        """
        stored = asyncio.get_running_loop().create_future()
        await self._waiting.put((item, stored))
        try:
            await stored
        except StoreError:
            self.stats.inc_value("store/failed")
            raise
        self.stats.inc_value(f"store/saved/{item.kind}")
        return item

    async def _write(self) -> None:
        while True:
            async with self._taking:  # whoever takes a batch keeps its turn
                batch = await self._take()
            try:
                await self._save(batch)
            finally:
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
            await self._save_patiently([item for item, _ in batch])
        except WriteRejectedError as error:
            if len(batch) > 1:  # one bad item must not take the others with it
                for pair in batch:
                    await self._save([pair])
                return
            _settle(batch, error)
        except StoreError as error:
            _settle(batch, error)
        else:
            _settle(batch, None)

    async def _save_patiently(self, items: list[Item]) -> None:
        for attempt in range(RETRIES + 1):
            try:
                await asyncio.to_thread(self.store.save, items)
            except StoreUnavailableError as error:
                if attempt == RETRIES:
                    raise
                logger.warning("Store is away, trying again: %s", error)
                self.stats.inc_value("store/retried")
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return


def _settle(batch: list[tuple[Item, asyncio.Future[None]]], error: StoreError | None) -> None:
    for _, stored in batch:
        if stored.done():
            continue
        if error:
            stored.set_exception(error)
        else:
            stored.set_result(None)

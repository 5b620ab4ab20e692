"""Keep items while their store is away, and bring them there when it is back."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gleanery.errors import StoreError, StoreUnavailableError
from gleanery.tracing import traceparent
from storage.spool.metrics import write_metrics
from storage.spool.replay import replay_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scrapy.statscollectors import StatsCollector

    from items import Item
    from storage import Store
    from storage.spool import Spool, Waiting

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""Time in which a store that is away is tried again before items go to the spool."""
RETRY_SECONDS = (0.5, 5.0)
"""First and longest wait between two attempts to replay."""
ROOM_SECONDS = 0.5
"""How often items that have no place look for one."""
GAUGE_SECONDS = 1.0
"""How often it is said what waits, at most, while nothing is replayed."""
CLOSE_SECONDS = 30.0
"""Time that a crawl's end leaves to the replay; what waits then waits for the next crawl."""


class Spooling:
    """Saves directly, or through the spool while anything waits in it: copies stay in order.

    One task replays. When nothing waits any more, items go directly again.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        stats: StatsCollector,
        *,
        on_change: Callable[[bool], None],
        is_closing: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            store: Open.
            spool: Its spool.
            stats: Where everything is counted.
            on_change: Called with whether items begin to wait (or none does any more).
            is_closing: Answers whether nobody may wait any longer.
        """
        self.store, self.spool, self.stats = store, spool, stats
        self.on_change, self.is_closing = on_change, is_closing
        self._filled = asyncio.Event()
        self._freed = asyncio.Event()
        self._closing = False
        self._is_away = False
        self._paused_seconds = 0.0
        self._gauged_at = 0.0
        self._replaying: asyncio.Task[None] | None = None
        self._traces: dict[str, str] = {}

    async def open(self) -> None:
        """Begin to replay what an earlier crawl left."""
        self._replaying = asyncio.create_task(self._replay(), name="replay")
        if not await asyncio.to_thread(self.spool.is_empty):
            self._note_away("Items of an earlier crawl wait in %s", self.spool.folder)
            self._filled.set()

    async def close(self) -> None:
        """Replay what can be replayed in a while; the rest stays on disk."""
        self._closing = True
        self._filled.set()
        if self._replaying:
            await asyncio.wait([self._replaying], timeout=CLOSE_SECONDS)
            self._replaying.cancel()
            await asyncio.gather(self._replaying, return_exceptions=True)
        if left := self.stats.get_value("store/waiting_items"):
            logger.error(
                "%d items wait in %s: the next crawl or `gleanery db replay` stores them"
                " (저장 대기 중)",
                left,
                self.spool.folder,
            )

    async def keep(self, items: Sequence[Item]) -> int:
        """Return how many are kept, from the first on: all, unless the crawl ends before.

        Raises:
            WriteRejectedError: The store, or the spool, cannot keep one of them.
            StoreError: The store refuses us.
        """
        kept = 0
        while kept < len(items):
            if await self._save(items[kept:]):
                return len(items)
            kept += await self._spool(items[kept:])
            if kept < len(items) and not await self._wait_for_room():
                break
        return kept

    @contextmanager
    def tracing(self, item: Item) -> Iterator[None]:
        """Have the item's trace go with it into the spool, if that happens inside."""
        if trace := traceparent():
            self._traces[item.identity] = trace
        try:
            yield
        finally:
            self._traces.pop(item.identity, None)

    # --- on the way in
    async def _save(self, items: Sequence[Item]) -> bool:
        """Save directly, if nothing waits and the store answers; else return ``False``."""
        pause, began = 0.2, time.monotonic()
        while True:
            try:
                saved = await asyncio.to_thread(self._save_now, items)
            except StoreUnavailableError as error:
                if time.monotonic() - began + pause > PATIENCE_SECONDS:
                    self._note_away("The store is away, items wait: %s", error)
                    return False
                logger.warning("Store is away, trying again: %s", error)
                self.stats.inc_value("store/retried")
            else:
                if saved and not self._filled.is_set():
                    self._note_back()
                return saved
            await asyncio.sleep(pause)
            pause *= 2

    def _save_now(self, items: Sequence[Item]) -> bool:
        if not self.spool.is_empty():
            return False
        self.store.save(items)
        return True

    async def _spool(self, items: Sequence[Item]) -> int:
        try:
            traces = {i.identity: t for i in items if (t := self._traces.get(i.identity))}
            kept = await asyncio.to_thread(self.spool.append, items, traces)
        except StoreUnavailableError as error:
            logger.error("%s (대기 공간에 쓸 수 없습니다)", error)
            kept = 0
        if kept:
            self.stats.inc_value("store/spooled", kept)
            self._note_away("Items wait in %s", self.spool.folder)
            self._filled.set()
            if time.monotonic() - self._gauged_at > GAUGE_SECONDS:
                await self._gauge()
        return kept

    async def _wait_for_room(self) -> bool:
        """Return whether to try again; the items that wait here hold the crawl up."""
        if self.is_closing():
            return False
        began = time.monotonic()
        if not self.stats.get_value("store/paused"):
            self.stats.set_value("store/paused", 1)
            logger.error(
                "The spool is full, the crawl pauses until the store is back"
                " (대기 공간이 가득 차 수집을 멈춥니다)"
            )
        with suppress(TimeoutError):
            self._freed.clear()
            await asyncio.wait_for(self._freed.wait(), ROOM_SECONDS)
        self._paused_seconds += time.monotonic() - began
        self.stats.set_value("store/paused_seconds", round(self._paused_seconds))
        return True

    def _note_away(self, text: str, about: object) -> None:
        if not self._is_away:
            self._is_away = True
            logger.error(text, about)
            self.on_change(True)

    def _note_back(self) -> None:
        if self._is_away:
            self._is_away = False
            self.stats.set_value("store/paused", 0)
            logger.info("Nothing waits for the store any more")
            self.on_change(False)

    # --- on the way out
    async def _replay(self) -> None:
        first, longest = RETRY_SECONDS
        pause = first
        while True:
            await self._filled.wait()
            self._filled.clear()  # what is appended from here on sets it again
            if await asyncio.to_thread(self.spool.is_empty):
                if self._filled.is_set():  # meanwhile
                    continue
                self._note_back()
                if self._closing:
                    return
                continue
            self._filled.set()
            try:
                pause = first if await self._replay_batch() else pause
            except StoreError as error:
                logger.debug("Not replayed: %s", error)
                await self._gauge()
                if self._closing:
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)

    async def _replay_batch(self) -> bool:
        """Return whether it was our turn."""
        done = await asyncio.to_thread(replay_batch, self.spool, self.store)
        if done.is_elsewhere:
            await asyncio.sleep(ROOM_SECONDS)
            return False
        self._freed.set()
        for name, number in (
            ("store/replayed", done.saved),
            ("store/refused", done.refused),
            ("store/damaged", done.damaged),
        ):
            if number:
                self.stats.inc_value(name, number)
        if done.refused:
            logger.error("%d items are refused: %s", done.refused, self.spool.refused.path)
        await self._gauge()
        return True

    async def _gauge(self) -> None:
        """Say what waits, in the stats and in the file for Prometheus."""
        self._gauged_at = time.monotonic()
        waiting = await asyncio.to_thread(self._measured)
        age = time.time() - waiting.oldest_at if waiting.oldest_at else 0
        self.stats.set_value("store/waiting_items", waiting.items)
        self.stats.set_value("store/waiting_bytes", waiting.bytes)
        self.stats.set_value("store/waiting_seconds", round(max(0, age)))

    def _measured(self) -> Waiting:
        waiting = self.spool.waiting()
        path = self.spool.folder.parent.parent / "metrics" / f"spool-{self.spool.name}.prom"
        try:
            write_metrics(path, self.spool.name, waiting, self.spool.max_bytes)
        except OSError as error:
            logger.warning("No metrics: %s", error)
        return waiting

"""Questions to the store, in a bounded number of threads: the loop never waits for a database."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gleanery.errors import StoreUnavailableError
from storage import StoreOptions, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from gleanery.config import Config
    from storage import Store

T = TypeVar("T")


class Reader:
    """Opens the store read-only, when it is first asked; one that is away is tried again."""

    def __init__(self, config: Config) -> None:
        options = StoreOptions.read(config.scrapy_settings().get)
        self._config = config
        self._options = replace(options, read_only=True)
        self._pool = ThreadPoolExecutor(config.api_threads, "store")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._shared: Store | None = None
        self._opened: list[Store] = []

    async def ask(self, question: Callable[[Store], T]) -> T:
        """Return what ``question`` makes of the store; it runs in a thread.

        Raises:
            StoreError: The store is away.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: question(self._store()))

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` gives, in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        self._pool.shutdown(cancel_futures=True)
        for store in self._opened:
            store.close()

    def _store(self) -> Store:
        if self._config.store != "sqlite":  # has a pool of connections of its own
            with self._lock:
                self._shared = self._shared or self._open()
            return self._shared
        if not hasattr(self._own, "store"):
            self._own.store = self._open()  # a connection each: SQLite reads in parallel
        found: Store = self._own.store
        return found

    def _open(self) -> Store:
        file = self._config.store_file
        if self._config.store == "sqlite" and not file.exists():
            raise StoreUnavailableError(f"nothing has been collected in {file} yet")
        store = open_store(self._config.store, file, self._options)
        store.open()
        self._opened.append(store)
        return store

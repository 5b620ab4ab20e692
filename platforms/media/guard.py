"""A network for programs that block: everything passes a proxy that checks where it leads."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self

from platforms.guard_proxy import GuardProxy

if TYPE_CHECKING:
    from collections.abc import Sequence

START_SECONDS = 20


class GuardedNetwork:
    """Runs a ``GuardProxy`` in a thread of its own; a context manager.

    Attributes:
        url: Address to give as a proxy, inside the ``with`` block.
        refused: Connections turned down, because their address is private.
    """

    def __init__(self, allowed: Sequence[str], *, upstream: str = "") -> None:
        """Prepare it.

        Args:
            allowed: Networks (CIDR) opened although they are private.
            upstream: The operator's own proxy, which then resolves names; empty = none.
        """
        self.url = ""
        self.refused = 0
        self._proxy = GuardProxy(allowed, on_refused=self._count, upstream=upstream)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._proxy.start(), self._loop)
        self.url = started.result(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def _end(self) -> None:
        await self._proxy.stop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()
        await asyncio.sleep(0.01)  # sockets that were closed just now let go

    def _count(self) -> None:
        self.refused += 1

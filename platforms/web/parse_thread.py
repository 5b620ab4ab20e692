"""One thread for all work with lxml.

Several threads in lxml at once, each with trees of its own, corrupt memory under load: a crawl of
210 pages ended in a segmentation fault in 2 of 8 runs (lxml 6.1.3, trafilatura's shared parsers).
The work holds Python's lock anyway, so more threads would gain nothing.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class ParseThread:
    """Runs functions one after another, away from the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parse")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns, or raise what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Let the thread end after its present work."""
        self._thread.shutdown(wait=False, cancel_futures=True)

"""Ask for each address once in a crawl, however many items name it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
REMEMBERED = 10_000
"""Addresses whose answer is kept: a site's logo is on each of its pages."""


class Once(Generic[T]):
    """Gives the answer of the first who asked, also to those who ask meanwhile."""

    def __init__(self, ask: Callable[[str], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._known: OrderedDict[str, asyncio.Task[T]] = OrderedDict()

    async def __call__(self, url: str) -> T:
        """Return the answer for ``url``; who stops waiting does not stop the others."""
        task = self._known.get(url)
        if task is None:
            task = self._known[url] = asyncio.create_task(self._ask(url))
        self._known.move_to_end(url)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return await asyncio.shield(task)

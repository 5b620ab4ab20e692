"""A long file through an engine, piece by piece: bounded memory, progress, cancelled in between."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gleanery.errors import ModelBusyError
from model_server.engine_set import Answer, EngineSet
from model_server.schema import Capability

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

BEAT_SECONDS = 1.0
"""Longest time without a sign of life to the caller."""
MOST_BEATS = 1800
"""Signs of life without a piece done, after which the caller's own time limit runs."""
MOST_AT_ONCE = 16
"""Pieces that go to the engine in one call, where they come as quickly as they are taken."""
QUICK_SECONDS = 0.001
"""A piece that takes longer to read is handed on alone: the engine may be waiting for it."""

_T = TypeVar("_T")


async def stream(
    engines: EngineSet,
    capability: Capability,
    pieces: Iterator[_T],
    *,
    pick: Callable[[_T], Any] = lambda piece: piece,
    ahead: int | None = None,
) -> AsyncGenerator[tuple[_T, Answer], None]:
    """Yield each piece with the engine's answer, in order, while the next ones are read.

    Args:
        engines: Who answers.
        capability: What is asked.
        pieces: Read in threads, never two at once, as far ahead as the engine needs it; closed in
            the end, also when this is.
        pick: What of a piece the engine gets.
        ahead: Pieces under way at once at most; default twice the engine's batch.

    Raises:
        ModelBusyError: The engine had no room for the first piece; for the others this waits.
        ModelServerError: As :meth:`EngineSet.run`.
        Exception: Whatever reading raised.
    """
    ahead = ahead or 2 * engines.able(capability).spec.options.max_batch
    source = _Source(pieces)
    flying: deque[tuple[list[_T], asyncio.Task[list[Answer]]]] = deque()
    room = ahead
    first = True
    over = False
    try:
        while True:
            while not over and room > 0 and not (flying and flying[0][1].done()):
                some = await asyncio.to_thread(source.some, room)
                if over := not some:
                    break
                given = [pick(piece) for piece in some]
                asked = _ask(engines, capability, given, patient=not first)
                flying.append((some, asyncio.create_task(asked)))
                room -= len(some)
                first = False
            if not flying:
                return
            some, task = flying.popleft()
            for pair in zip(some, await task, strict=True):
                yield pair
            room += len(some)
    finally:
        for _, task in flying:
            task.cancel()
        await asyncio.gather(*(task for _, task in flying), return_exceptions=True)
        await asyncio.shield(asyncio.to_thread(source.close))


async def _ask(
    engines: EngineSet, capability: Capability, given: list[Any], *, patient: bool
) -> list[Answer]:
    while True:
        try:
            return await engines.run(capability, given)
        except ModelBusyError as busy:
            if not patient:
                raise
            await asyncio.sleep(busy.retry_after_seconds)


class _Source(Generic[_T]):
    """An iterator that may be closed while another thread reads from it."""

    def __init__(self, pieces: Iterator[_T]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()
        self._closed = False
        self._count = 1

    def some(self, most: int) -> list[_T]:
        """Return the next piece, and more of them while they come at once; none at the end."""
        found: list[_T] = []
        with self._lock:
            began = time.monotonic()
            for piece in islice(self._pieces, min(self._count, most)):
                found.append(piece)
                if self._closed:
                    break
            quick = time.monotonic() - began < QUICK_SECONDS * len(found)
            self._count = min(MOST_AT_ONCE, 2 * self._count) if quick else 1
        return found

    def close(self) -> None:
        self._closed = True
        with self._lock:  # waits for the piece that is being read
            if close := getattr(self._pieces, "close", None):
                close()


class Told:
    """Tells the caller how far a call is, always a little more than before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told = -1.0
        self.done = 0.0
        """How much is done."""
        self.total: float | None = None
        """Of how much, if known."""
        self.message = ""
        """What is being done."""
        self.beats = 0
        """Times told since :meth:`reach` was called."""

    async def reach(self, done: float, message: str | None = None) -> None:
        """Tell that ``done`` of :attr:`total` is done."""
        self.done, self.message, self.beats = done, message or self.message, 0
        await self.beat()

    async def beat(self) -> None:
        """Tell that we are still at it. Progress must rise each time (MCP); this does, by 1e-6."""
        self._told = max(self.done, self._told + 1e-6)
        self.beats += 1
        await self._context.report_progress(self._told, self.total, self.message or None)


@asynccontextmanager
async def telling(context: Context) -> AsyncIterator[Told]:
    """Yield what tells the caller how far the call is; between the pieces it says "still at it"."""
    told = Told(context)
    beating = asyncio.create_task(_beat(told.beat, told))
    try:
        yield told
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat(beat: Callable[[], Awaitable[None]], told: Told) -> None:
    while told.beats < MOST_BEATS:
        await asyncio.sleep(BEAT_SECONDS)
        await beat()

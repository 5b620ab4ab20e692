"""A worker's side of the queue: what it holds, that it lives, and patience while it is away."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from gleanery.errors import StoreUnavailableError
from pipelines.work.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.work import Counts, Held, Job, WorkQueue
    from storage.work.job import Failed

logger = logging.getLogger(__name__)

RETRY_SECONDS = (0.2, 5.0)
"""First and longest wait while the queue is away."""
BEATS = 4
"""Heartbeats within the time of a lease: three may be lost."""
T = TypeVar("T")


class Leases:
    """Leases jobs and tells how they ended; one for each worker."""

    def __init__(self, queue: WorkQueue) -> None:
        """Prepare; ``queue`` is opened by :meth:`join`."""
        self.queue = queue
        self.pulse = Pulse(queue.rules.lease_seconds)
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._held: set[Held] = set()
        self._asking = asyncio.Lock()  # what is held must not change while an answer is on its way
        self._beating: asyncio.Task[None] | None = None
        # Of its own: downloads may fill the loop's threads, and a heartbeat must not wait for them.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="work queue")

    async def join(self) -> None:
        """Open the queue, waiting for it, and begin to say that this worker lives."""
        self.pulse.began()
        await self._patiently(self.queue.open)
        self.pulse.heard()
        self._beating = asyncio.create_task(self._beat(), name="work heartbeat")

    async def leave(self) -> None:
        """Give back all that is held, if the queue answers, and let go of it."""
        if self._beating:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            try:
                async with self._asking:
                    await self._in_thread(lambda: self.queue.leave(self.worker))
            except StoreUnavailableError as error:
                logger.warning("The queue is away; what was held goes back by itself: %s", error)
        await self._in_thread(self.queue.close)
        self._threads.shutdown(wait=False)

    async def take(self, want: int) -> list[Job]:
        """Return up to ``want`` jobs; none while the queue is away."""
        async with self._asking:
            try:
                held = [*self._held]
                jobs = await self._in_thread(lambda: self.queue.lease(self.worker, want, held))
            except StoreUnavailableError as error:
                logger.debug("The queue is away: %s", error)
                return []
            self._held.update(job.held for job in jobs)
        self.pulse.heard()
        return jobs

    async def finish(self, held: Held, step: str) -> list[str] | None:
        """Tell of a finished step; return what is left, ``None`` if the lease is lost."""
        return await self._patiently(lambda: self.queue.finish(held, step))

    async def fail(self, held: Held, reason: str, delay: float) -> Failed:
        """Give a job back that failed."""
        return await self._patiently(
            lambda: self.queue.fail(held, self.worker, reason, delay=delay)
        )

    async def release(self, held: Held, delay: float) -> bool:
        """Give a job back that has to wait."""
        return await self._patiently(lambda: self.queue.release(held, delay))

    def forget(self, held: Held) -> None:
        """Note that nothing is done for this lease any more."""
        self._held.discard(held)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.queue.rules.lease_seconds / BEATS)
            await self.take(0)

    async def counts(self) -> Counts | None:
        """Count what is in the queue; ``None`` while it is away."""
        try:
            return await self._in_thread(self.queue.counts)
        except StoreUnavailableError:
            return None

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _patiently(self, call: Callable[[], T]) -> T:
        """Call until the queue answers: what is to be told is on disk, and must not be repeated."""
        pause, longest = RETRY_SECONDS
        while True:
            try:
                return await self._in_thread(call)
            except StoreUnavailableError as error:
                level = logging.WARNING if pause == RETRY_SECONDS[0] else logging.DEBUG
                logger.log(level, "The queue is away, waiting for it: %s", error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

"""The task between a scheduler's synchronous hooks and the queue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Answer, Budget, Lease, Outbox, Speed
from gleanery.errors import (
    FrontierError,
    FrontierFullError,
    FrontierGoneError,
    FrontierUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scrapy.statscollectors import StatsCollector

    from crawlers.frontier.protocol import FrontierQueue
    from crawlers.frontier.shares import HostShares

logger = logging.getLogger(__name__)

LINGER_SECONDS = 0.003
"""Wait for more acks and children before an exchange that nobody is starving for."""
BEAT_SECONDS = 2.0
POLL_SECONDS = 0.1
"""Between two looks for seeds and for other workers' children while nothing is at hand."""
RETRY_SECONDS = 0.5
BUFFERED = 20_000
"""Children held at most while the queue is away; then no request leaves until it is back."""


class Exchanger:
    """Prefetches leases and writes behind, in batches; one task, no wait in any hook."""

    def __init__(
        self,
        queue: FrontierQueue,
        stats: StatsCollector,
        *,
        shares: HostShares,
        idle_seconds: float,
        budget: Budget,
        capacity: Callable[[], int],
        held: Callable[[], Iterable[str]],
        on_change: Callable[[], None],
        on_speed: Callable[[Speed], None],
        on_end: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            queue: The crawl's queue.
            stats: Where exchanges are counted.
            shares: How many leases to hold, of all hosts and of each.
            idle_seconds: Quiet time over all workers after which the crawl is over.
            budget: What all workers together may use up.
            capacity: Answers how many requests could start at once.
            held: Answers which leases the engine is working on.
            on_change: Called when the engine should look again.
            on_speed: Called when somebody has changed how fast the crawl may go.
            on_end: Called once with a close reason: a budget is spent, or the queue is gone.
        """
        self.queue, self.stats = queue, stats
        self.shares, self.idle_seconds, self.budget = shares, idle_seconds, budget
        self.capacity, self.held = capacity, held
        self.on_change, self.on_speed, self.on_end = on_change, on_speed, on_end
        self.ready: deque[Lease] = deque()
        self.outbox = Outbox()
        self.sending = Outbox()
        self._boxes, self._answered = 0, True
        self._answer = Answer(queued=1)  # until the first one comes, the crawl is not over
        self._quiet_since: float | None = None
        self._wake = asyncio.Event()
        self._starving = False
        self._closing = False
        self._away = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> Answer | None:
        """Wait for the queue's first answer, then keep exchanging.

        Returns:
            What an earlier run or other workers left to do; ``None`` if the crawl is new.
        """
        new = False
        while True:
            try:
                new = await self.queue.open(self.budget) or new
                await self._exchange()
            except FrontierUnavailableError as error:
                logger.warning("The frontier is away, waiting for it: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                break
        self._task = asyncio.create_task(self._run())
        return None if new else self._answer

    async def close(self, *, ended: bool) -> None:
        """Give back what was not begun; ``FrontierQueue.leave`` says what ``ended`` does."""
        self._closing = True
        self._wake.set()
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)
        self.outbox.ended += [(lease.id, "back") for lease in self.ready]
        self.ready.clear()
        try:
            await self._exchange()
            if not self.outbox.is_empty():  # the first one repeated what the queue had not answered
                await self._exchange()
            await self.queue.leave(ended=ended)
        except FrontierError as error:
            logger.warning("Leases go back when they expire: %s", error)
        await self.queue.close()

    def wake(self) -> None:
        """Exchange soon: there is something to tell, or to get."""
        self._wake.set()

    def take(self) -> Lease | None:
        """Return the first lease whose host has its share not used up, or ``None``."""
        if len(self.ready) <= self.shares.prefetch // 2:
            self._wake.set()
        for place, lease in enumerate(() if self._away else self.ready):
            if self.shares.may_start(lease.host):
                del self.ready[place]
                self._starving = False
                return lease
        self._starving = True
        return None

    def give_back(self, host: str | None = None) -> None:
        """Put the leases of a host, or of all, that were not begun back into the queue."""
        returned = [lease for lease in self.ready if host in (None, lease.host)]
        if returned:
            self.outbox.ended += [(lease.id, "back") for lease in returned]
            self.ready = deque(lease for lease in self.ready if host not in (None, lease.host))
            self._wake.set()

    def mark(self) -> int:
        """Return a mark for what was handed over so far; :meth:`is_stored` reads it."""
        return self._boxes + 1

    def is_stored(self, mark: int) -> bool:
        """Whether all that was handed over before ``mark`` was made is in the queue."""
        return self._boxes - (not self._answered) >= mark

    def unacknowledged(self) -> int:
        """Requests that have ended, but whose end the queue does not know of yet."""
        return len(self.outbox.ended) + len(self.sending.ended)

    def is_full(self) -> bool:
        """Whether so much waits to be told that no further request may leave."""
        return len(self.outbox.pushes) + len(self.sending.pushes) >= BUFFERED

    def has_work(self) -> bool:
        """Whether the crawl may go on: here, or in any worker."""
        return bool(
            self.ready
            or not self.outbox.is_empty()
            or not self.sending.is_empty()
            or not self._is_over()
        )

    # --- the task
    async def _run(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())
            self._wake.clear()
            await asyncio.sleep(LINGER_SECONDS if self.ready else 0)
            try:
                await self._exchange()
            except FrontierUnavailableError as error:
                await self._outlast(error)
            except FrontierError as error:
                self._give_up(error)
                return

    def _pause(self) -> float:
        if self.ready and not self._starving:
            return min(BEAT_SECONDS, self.queue.rules.lease_seconds / 4)
        free_in = self._answer.free_in_ms
        return min(free_in / 1000 + 0.001, POLL_SECONDS) if free_in >= 0 else POLL_SECONDS

    async def _exchange(self) -> None:
        if self._answered:
            self.outbox, self.sending = Outbox(), self.outbox
            self._boxes += 1
        now = 0 if self._closing else self.capacity()
        want = 0 if self._closing else max(0, self.shares.prefetch - len(self.ready))
        rooms = self.shares.rooms(self.ready) if want else {}
        self._answered = False
        answer = await self.queue.exchange(self.sending, want=want, want_now=now, rooms=rooms)
        told = bool(self.sending.ended)
        self.sending, self._answered = Outbox(), True
        self.stats.inc_value("frontier/exchanges")
        self._take_in(answer, told=told)

    def _take_in(self, answer: Answer, *, told: bool) -> None:
        before, self._answer = self._answer, answer
        self.ready.extend(answer.leases)
        if answer.speed != before.speed:
            self.on_speed(answer.speed)
        if "paused" in (answer.state, before.state):
            self.stats.set_value("frontier/paused", int(answer.state == "paused"))
        if not answer.complete or not self.outbox.is_empty():
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = asyncio.get_running_loop().time()
        if answer.state.startswith("max_") and not self._closing:
            self.on_end(answer.state)
        if answer.leases or told or self._is_over():
            self.on_change()

    async def _outlast(self, error: Exception) -> None:
        """Repeat what was sent until the queue answers, then fetch the leases of lost answers."""
        logger.warning("The frontier is away, the crawl pauses: %s", error)
        self.stats.inc_value("frontier/away")
        self._away = True
        while not self._closing:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self._exchange()
                await self._recover()
            except FrontierFullError:
                await self._relieve()
                continue
            except FrontierUnavailableError:
                continue
            except FrontierError as gone:
                self._give_up(gone)
            else:
                logger.info("The frontier is back")
                self._away = False
                self.on_change()
            return

    async def _relieve(self) -> None:
        """End what leaves nothing behind: that makes room where nothing new fits."""
        for box in (self.sending, self.outbox):
            light = box.light()
            with suppress(FrontierError):  # the next exchange says what is wrong
                if await self.queue.relieve(light):
                    box.ended = [row for row in box.ended if row not in light]
            if box.orphans:  # their parents may be in the next box
                return

    async def _recover(self) -> None:
        held = {lease.id for lease in self.ready} | set(self.held())
        held |= {lease_id for lease_id, _ in self.outbox.ended}
        self.ready.extend(await self.queue.recover(held))

    def _give_up(self, error: FrontierError) -> None:
        logger.error("%s", error)
        gone = isinstance(error, FrontierGoneError)
        self.on_end("frontier_gone" if gone else "frontier_refused")

    def _is_over(self) -> bool:
        if self._quiet_since is None:
            return False
        return asyncio.get_running_loop().time() - self._quiet_since >= self.idle_seconds

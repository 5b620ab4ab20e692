"""Take jobs from the work queue and do them, several at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gleanery.errors import (
    GleaneryError,
    MediaUnavailableError,
    ModelBusyError,
    ModelUnavailableError,
    StoreUnavailableError,
)
from gleanery.json_log import ITEM
from gleanery.tracing import shown, span
from items import item_from_dict
from pipelines.work.leases import Leases
from pipelines.work.plan import TRACE
from pipelines.work.steps import step_of

if TYPE_CHECKING:
    from items import Item
    from pipelines.work.pulse import Pulse
    from pipelines.work.steps import Gate
    from pipelines.work.tools import Tools
    from storage.work import Job, WorkQueue

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often the queue is asked for more while there is room."""
NOT_STORED_SECONDS = (0.5, 60.0)
"""First and longest wait for an item that is not stored yet."""
AWAY_SECONDS = 10.0
"""Wait of a job for a model server, a store or a media store that is away."""
LONGEST_RETRY_SECONDS = 3600.0


class Watch(Protocol):
    """Is told how jobs go; from any thread."""

    def step(self, identity: str, step: str, done: float, total: float | None, unit: str) -> None:
        """A step has begun, or is so far; ``total`` is ``None`` while nobody knows it."""

    def step_ended(self, step: str, outcome: str, seconds: float) -> None:
        """A step is done, or has failed: its name up to the colon, and its time."""

    def ended(self, identity: str, outcome: str) -> None:
        """A job has left this worker: done, queued (failed), parked, waiting, late or stopped."""


class _Unwatched:
    def step(self, identity: str, step: str, done: float, total: float | None, unit: str) -> None:
        pass

    def step_ended(self, step: str, outcome: str, seconds: float) -> None:
        pass

    def ended(self, identity: str, outcome: str) -> None:
        pass


class _NotStoredError(GleaneryError):
    """The crawl has put the job and not stored the item yet."""


@dataclass(slots=True, kw_only=True)
class WorkResult:
    """What one worker did."""

    jobs: Counter[str] = field(default_factory=Counter)
    """By how they left it; a job that failed or waited may have come back."""
    steps: Counter[str] = field(default_factory=Counter)
    """Steps done, by their name up to the colon."""
    message: str = ""
    """What went wrong last; empty if nothing did."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"jobs": dict(self.jobs), "steps": dict(self.steps), "message": self.message}


class Worker:
    """Works until it is stopped, or until nothing is left that it could do."""

    def __init__(
        self, tools: Tools, queue: WorkQueue, *, jobs: int = 0, watch: Watch | None = None
    ) -> None:
        """Prepare.

        Args:
            tools: Their store is open; the client is opened and closed here.
            queue: Not open.
            jobs: At once; 0 = enough for downloads and model calls to go on side by side.
            watch: Is told how it goes.
        """
        config = tools.config
        self.tools, self.result = tools, WorkResult()
        self._leases, self._watch = Leases(queue), watch or _Unwatched()
        self._jobs = jobs or config.work_downloads + config.work_model_calls
        self._gates: dict[Gate, asyncio.Semaphore] = {
            "download": asyncio.Semaphore(config.work_downloads),
            "model": asyncio.Semaphore(config.work_model_calls),
            "local": asyncio.Semaphore(1),
        }
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._waits: Counter[str] = Counter()
        self._retrying: set[str] = set()

    @property
    def pulse(self) -> Pulse:
        """What probes ask."""
        return self._leases.pulse

    def stop(self) -> None:
        """Take no more jobs; those under way have ``WORK_DRAIN_SECONDS`` to end their step."""
        self._stopping.set()

    async def run(self, *, once: bool = False) -> WorkResult:
        """Work until :meth:`stop`.

        Args:
            once: End, too, when no worker has anything and nothing is queued but what waits for its
                item to be stored or for a model server.

        Raises:
            StoreError: The queue is none of ours.
        """
        await self.tools.client.open()
        try:
            await self._leases.join()
            await self._loop(once=once)
            await self._drain()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            await self._leases.leave()
            await self.tools.client.close()
        return self.result

    async def _loop(self, *, once: bool) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                for job in await self._leases.take(self._jobs - len(self._running)):
                    self._start(job)
                if once and not self._running and await self._nothing_left():
                    return
                # with room the queue is asked again soon; without, an end makes room
                room = len(self._running) < self._jobs
                await asyncio.wait(
                    {*self._running, stopping},
                    timeout=POLL_SECONDS if room else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            stopping.cancel()

    async def _nothing_left(self) -> bool:
        if (counts := await self._leases.counts()) is None:
            return False
        if counts.leased or counts.queued > counts.delayed:  # what others have may come back
            return False
        return not counts.queued or not self._retrying

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=self.tools.config.work_drain_seconds)

    def _start(self, job: Job) -> None:
        self._retrying.discard(job.identity)
        task = asyncio.create_task(self._work(job), name=f"work {job.identity}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, job: Job) -> None:
        outcome = "stopped"
        ITEM.set(job.identity)  # for as long as this task lasts
        trace = str(job.payload.get(TRACE, ""))
        try:
            with span("work", parent=trace, gleanery_item=shown(job.identity)):
                outcome = await self._settled(job)
        finally:
            self._leases.forget(job.held)
            self.result.jobs[outcome] += 1
            self._watch.ended(job.identity, outcome)

    async def _settled(self, job: Job) -> str:
        """Do a job as far as it goes, and tell the queue."""
        try:
            return await self._do(job)
        except _NotStoredError:
            self._waits[job.identity] += 1
            first, longest = NOT_STORED_SECONDS
            delay = min(first * 2 ** (self._waits[job.identity] - 1), longest)
        except (ModelUnavailableError, StoreUnavailableError, MediaUnavailableError) as error:
            # not the video's fault
            self.result.message = f"{job.identity} waits: {error}"
            delay = error.retry_after_seconds if isinstance(error, ModelBusyError) else AWAY_SECONDS
        except Exception as error:  # whatever a file makes a library raise, the worker goes on
            return await self._failed(job, error)
        logger.debug("%s waits %g s", job.identity, delay)
        return "waiting" if await self._leases.release(job.held, delay) else "late"

    async def _failed(self, job: Job, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        if not isinstance(error, GleaneryError):
            logger.error("%s failed", job.identity, exc_info=error)
            reason = f"{type(error).__name__}: {reason}"
        self.result.message = f"{job.identity}: {reason}"
        wait = self.tools.config.work_retry_seconds * 4**job.failures
        outcome = await self._leases.fail(job.held, reason, min(wait, LONGEST_RETRY_SECONDS))
        if outcome == "queued":
            self._retrying.add(job.identity)
        level = logging.WARNING if outcome == "parked" else logging.INFO
        logger.log(level, "%s failed (%s): %s", job.identity, outcome, reason)
        return outcome

    async def _do(self, job: Job) -> str:
        left: list[str] | None = job.steps
        while left:
            if self._stopping.is_set():
                await self._leases.release(job.held, 0)
                return "stopped"
            await self._step(await self._item(job), left[0], job)
            job.failures = 0
            left = await self._leases.finish(job.held, left[0])
        return "late" if left is None else "done"

    async def _item(self, job: Job) -> Item:
        row = await asyncio.to_thread(self.tools.store.find, job.identity)
        if row is None:
            raise _NotStoredError(job.identity)
        self._waits.pop(job.identity, None)
        return item_from_dict(row)

    async def _step(self, item: Item, name: str, job: Job) -> None:
        step, what = step_of(name)
        if step.is_done(item, what):
            return
        head = name.partition(":")[0]

        def report(done: float, total: float | None, unit: str) -> None:
            self._watch.step(item.identity, name, done, total, unit)

        async with self._gates[step.gate]:
            report(0, None, "")
            began, outcome = time.monotonic(), "failed"
            try:
                with span("work step", gleanery_step=head):
                    await step.run(self.tools, item, what, report)
                outcome = "done"
            except asyncio.CancelledError:
                outcome = "stopped"
                raise
            finally:
                took = time.monotonic() - began
                self._watch.step_ended(head, outcome, took)
        self.result.steps[head] += 1
        logger.debug("%s: %s took %.1f s", job.identity, name, took)

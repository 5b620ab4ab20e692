"""One model server as a client sees it: a connection that one task keeps up, and its calls."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from mcp.client import Client
from opentelemetry.context import attach, detach

from gleanery.errors import ModelBusyError, ModelToolError, ModelUnavailableError
from model_server.asking import ask, classify
from model_server.batching import DocumentJob, Job, LongJob, ToolJob, WaitingJobs
from model_server.connection import Connector
from model_server.long_call import ask_long
from model_server.schema import Document

logger = logging.getLogger(__name__)

LINGER_SECONDS = 0.01
"""How long a batch that is not full waits for more documents."""
CALLS = 2
"""Calls at once: one is computed while the other is on its way."""
ATTEMPTS = 4
"""Calls that may die under a document before it is given up: it might be what kills the server."""
RETRY_SECONDS = (0.1, 5.0)
"""First and longest wait between attempts to connect."""


class Link:
    """Takes jobs while its server answers; puts them back when the connection dies.

    :meth:`open` and :meth:`close` may be called in different tasks: the anyio scopes below the MCP
    SDK are entered and left by the owner task alone.
    """

    def __init__(
        self,
        connector: Connector,
        jobs: WaitingJobs,
        *,
        timeout: float,
        batch_size: int,
        patience: float,
        when_away: Callable[[], None],
        calls: int = CALLS,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            connector: How to reach the server.
            jobs: Where to take work; shared with other links.
            timeout: Seconds to wait for the answer to one call, and for a busy server.
            batch_size: Documents in one call.
            patience: Seconds that documents wait for a server that is away.
            when_away: Called after each attempt to connect that failed.
            calls: Calls at once.
        """
        self._connector, self._jobs, self._when_away = connector, jobs, when_away
        self._timeout, self._batch_size, self._patience = timeout, batch_size, patience
        self._calls = calls
        self._owner: asyncio.Task[None] | None = None
        self._closing = False
        self._away_since: float | None = None  # monotonic; None = the connection stands
        self._busy_until = 0.0  # monotonic
        self._doubted = False  # the last call was not answered in time
        self.reason = "not connected yet"
        """Why there is no connection; one line for a person."""

    @property
    def available(self) -> bool:
        """Whether the connection stands."""
        return self.is_open and self._away_since is None

    @property
    def is_open(self) -> bool:
        """Whether the owner task is at work."""
        return self._owner is not None and not self._owner.done()

    @property
    def out_of_patience(self) -> bool:
        """Whether the server has been away for too long."""
        since = self._away_since
        return since is not None and time.monotonic() - since >= self._patience

    def open(self) -> None:
        """Begin to connect; does not wait for it."""
        self._closing, self._away_since = False, time.monotonic()
        self._owner = asyncio.create_task(self._own(), name="model client")

    async def close(self) -> None:
        """Disconnect. Harmless if never opened."""
        self._closing = True
        if self._owner:
            self._owner.cancel()
            with suppress(asyncio.CancelledError):
                await self._owner
            self._owner = None

    # --- the owner task
    async def _own(self) -> None:
        wait, longest = RETRY_SECONDS
        while not self._closing:  # a transport that dies as it is cancelled hides that it was
            try:
                async with self._connector.connect() as client:
                    if self._doubted:
                        await self._prove(client)
                    self._away_since, wait = None, RETRY_SECONDS[0]
                    async with asyncio.TaskGroup() as workers:
                        for _ in range(self._calls):
                            workers.create_task(self._work(client))
            except asyncio.CancelledError:
                if self._closing or _cancelled():
                    raise
            except Exception as error:  # a dead transport raises whatever it died of, in groups
                self._note(error)
            self._went_away()
            await asyncio.sleep(0 if self._closing else wait)
            wait = min(2 * wait, longest)

    async def _prove(self, client: Client) -> None:
        """Ask something of our own first, so that no document waits for a server that hangs.

        Raises:
            TimeoutError: It still does.
        """
        async with asyncio.timeout(self._timeout):
            with suppress(ModelToolError, ModelBusyError):  # a refusal is an answer
                await classify(client, [Document(text="Is anybody there?")])
        self._doubted = False

    def _note(self, error: Exception) -> None:
        self.reason = self._connector.explain(error)
        logger.debug("No model server: %s", self.reason, exc_info=error)

    def _went_away(self) -> None:
        now = time.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        if self._doubted or self._connector.hopeless:  # waiting has been done, or is no use
            self._away_since = now - self._patience
        self._when_away()

    async def _work(self, client: Client) -> None:
        while True:
            taken = await self._jobs.take(self._batch_size, linger=LINGER_SECONDS)
            jobs: Sequence[Job] = [taken] if isinstance(taken, ToolJob) else taken
            if (left := self._busy_until - time.monotonic()) > 0:
                self._jobs.put_back(jobs)  # another server may be free
                await asyncio.sleep(left)
                continue
            try:
                with _going_on(jobs[0]):
                    await self._answer(client, taken)
            except ModelBusyError as busy:
                self._postpone(jobs, busy)
            except BaseException:
                self._requeue(jobs)
                raise

    async def _answer(self, client: Client, taken: Sequence[DocumentJob] | ToolJob) -> None:
        """Settle every job, or raise "busy" or what the transport died of."""
        jobs: Sequence[Job] = [taken] if isinstance(taken, ToolJob) else taken
        try:
            async with asyncio.timeout(self._timeout) as clock:
                results = await _results(client, taken, clock)
        except TimeoutError as error:
            self._doubted = True
            silence = ModelUnavailableError(
                f"no answer to a call of {len(jobs)} within {self._timeout:g} s: "
                "raise MODEL_TIMEOUT_SECONDS or lower MODEL_BATCH_SIZE if the engine is slow"
            )
            _fail(jobs, silence)
            raise silence from error
        except ModelToolError as error:
            if isinstance(taken, ToolJob) or len(taken) == 1:
                _fail(jobs, error)
                return
            for one in taken:  # one bad document must not spoil the rest
                await self._answer(client, [one])
            return
        for job, result in zip(jobs, results, strict=True):
            if not job.answer.done():
                job.answer.set_result(result)

    def _postpone(self, jobs: Sequence[Job], busy: ModelBusyError) -> None:
        """Rest as long as the server asks for; what has met "busy" for too long fails."""
        now = time.monotonic()
        rest = busy.retry_after_seconds * random.uniform(1, 1.25)  # noqa: S311 - parts the callers
        self._busy_until = max(self._busy_until, now + rest)
        for job in jobs:
            job.busy_since = job.busy_since or now
        lost = [job for job in jobs if now + rest - (job.busy_since or now) > self._timeout]
        _fail(lost, busy)
        self._jobs.put_back([job for job in jobs if not job.answer.done()])

    def _requeue(self, jobs: Sequence[Job]) -> None:
        open_jobs = [job for job in jobs if not job.answer.done()]
        for job in open_jobs:
            job.attempts += 1
        lost = [job for job in open_jobs if job.attempts >= ATTEMPTS]
        _fail(lost, ModelUnavailableError(f"{ATTEMPTS} calls in a row died"))
        self._jobs.put_back([job for job in open_jobs if not job.answer.done()])


async def _results(
    client: Client, taken: Sequence[DocumentJob] | ToolJob, clock: asyncio.Timeout
) -> Sequence[Any]:
    if isinstance(taken, LongJob):
        return [await ask_long(client, taken, clock)]
    if isinstance(taken, ToolJob):
        return [await ask(client, taken.tool, taken.arguments)]
    return await classify(client, [job.document for job in taken])


@contextmanager
def _going_on(job: Job) -> Iterator[None]:
    """Let the call be part of the trace of whoever asked; of the first one, in a batch."""
    token = attach(job.trace)
    try:
        yield
    finally:
        detach(token)


def _cancelled() -> bool:
    """Whether somebody cancelled this task, rather than a scope of the dying transport."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    for job in jobs:
        job.fail(error)

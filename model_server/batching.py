"""Documents that wait for a call, handed out in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from model_server.schema import Classification, Document


@dataclass(slots=True, eq=False)
class Job:
    """One document on its way."""

    document: Document
    answer: asyncio.Future[Classification]
    attempts: int = field(default=0)
    """Calls that carried it and died."""


class WaitingJobs:
    """First in, first out; what is put back goes to the front. For one event loop, many takers."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._filled = asyncio.Event()

    def put(self, job: Job) -> None:
        """Add one at the end."""
        self._jobs.append(job)
        self._filled.set()

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Add some at the front, in their order."""
        self._jobs.extendleft(reversed(jobs))
        self._filled.set()

    async def take(self, limit: int, *, linger: float) -> list[Job]:
        """Wait for a job, then up to ``linger`` seconds for more; return 1 to ``limit`` of them.

        Cancelling it loses none: jobs leave the queue in the step that returns them.
        """
        while True:
            await self._filled.wait()
            if len(self._jobs) < limit:
                await asyncio.sleep(linger)
            if batch := self._pop(limit):
                return batch

    def fail_all(self, error: Exception) -> None:
        """Give every waiting job this error."""
        for job in self._pop(len(self._jobs)):
            job.answer.set_exception(error)

    def _pop(self, limit: int) -> list[Job]:
        batch: list[Job] = []
        while self._jobs and len(batch) < limit:
            job = self._jobs.popleft()
            if not job.answer.done():  # whoever asked may have gone
                batch.append(job)
        if not self._jobs:
            self._filled.clear()
        return batch

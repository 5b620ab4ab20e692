"""What waits for a call of the model server: documents in batches, other questions one by one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.context import Context, get_current

from model_server.schema import Document


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """One thing on its way to a model server."""

    answer: asyncio.Future[Any] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    attempts: int = 0
    """Calls that carried it and died."""
    busy_since: float | None = None
    """Monotonic time of the first "busy" it met; ``None`` = it met none."""
    trace: Context = field(default_factory=get_current)
    """The caller's trace, which goes on in the call."""

    def fail(self, error: Exception) -> None:
        """Give whoever asked this error, if they still wait."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True, eq=False, kw_only=True)
class DocumentJob(Job):
    """A document to classify; the answer is a :class:`~model_server.schema.Classification`."""

    document: Document


@dataclass(slots=True, eq=False, kw_only=True)
class ToolJob(Job):
    """Any other call; the answer is the tool's structured content."""

    tool: str
    arguments: Mapping[str, Any]


Progress = Callable[[float, float | None, str | None], None]
"""Called with how much is done, of how much if that is known, and what is being done."""


@dataclass(slots=True, eq=False, kw_only=True)
class LongJob(ToolJob):
    """A call that takes minutes and says how far it is; it is waited for as long as it does."""

    progress: Progress | None = None


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
        if self._jobs:
            self._filled.set()

    async def take(self, limit: int, *, linger: float) -> list[DocumentJob] | ToolJob:
        """Wait for a job, then up to ``linger`` seconds for more.

        Returns:
            1 to ``limit`` documents, or one other call. Cancelling this loses none: jobs leave the
            queue in the step that returns them.
        """
        while True:
            await self._filled.wait()
            if not self._jobs:  # another taker was first
                self._filled.clear()
                continue
            if len(self._jobs) < limit and isinstance(self._jobs[0], DocumentJob):
                await asyncio.sleep(linger)
            if taken := self._pop(limit):
                return taken

    def fail_all(self, error: Exception) -> None:
        """Give every waiting job this error."""
        jobs = list(self._jobs)
        self._jobs.clear()
        self._filled.clear()
        for job in jobs:
            job.fail(error)

    def _pop(self, limit: int) -> list[DocumentJob] | ToolJob:
        batch: list[DocumentJob] = []
        while self._jobs and len(batch) < limit:
            job = self._jobs[0]
            if batch and isinstance(job, ToolJob):
                break
            self._jobs.popleft()
            if job.answer.done():  # whoever asked may have gone
                continue
            if isinstance(job, ToolJob):
                return job
            assert isinstance(job, DocumentJob)
            batch.append(job)
        if not self._jobs:
            self._filled.clear()
        return batch

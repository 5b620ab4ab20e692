"""Connections to several model servers that take their work from one queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gleanery.errors import ModelUnavailableError
from model_server.batching import Job, WaitingJobs
from model_server.link import Link

MakeLink = Callable[[WaitingJobs, Callable[[], None]], Link]
"""Takes the queue, and what to call after each attempt to connect that failed."""


class Links:
    """One link to each server; a job fails only when all of them have been away for too long."""

    def __init__(self, makers: Sequence[MakeLink]) -> None:
        """Prepare; nothing is connected yet."""
        self._jobs = WaitingJobs()
        self.links = [make(self._jobs, self._give_up_if_all_are_away) for make in makers]

    @property
    def available(self) -> bool:
        """Whether a connection stands."""
        return any(link.available for link in self.links)

    @property
    def is_open(self) -> bool:
        """Whether :meth:`open` was called, and :meth:`close` not since."""
        return any(link.is_open for link in self.links)

    def open(self) -> None:
        """Begin to connect; does not wait for it, since jobs can."""
        for link in self.links:
            link.open()

    async def close(self) -> None:
        """Disconnect; jobs that wait fail. Harmless if never opened."""
        for link in self.links:
            await link.close()
        self._jobs.fail_all(ModelUnavailableError("the client was closed"))

    async def put(self, job: Job) -> Any:
        """Return the answer to ``job``.

        Raises:
            ModelUnavailableError: There was none in time.
            ModelToolError: The tool refused.
        """
        if not self.is_open:
            raise ModelUnavailableError("the client is not open")
        if self._all_away():
            raise ModelUnavailableError(self._reasons())
        self._jobs.put(job)
        return await job.answer

    def _all_away(self) -> bool:
        return all(link.out_of_patience for link in self.links)

    def _give_up_if_all_are_away(self) -> None:
        if self._all_away():
            self._jobs.fail_all(ModelUnavailableError(self._reasons()))

    def _reasons(self) -> str:
        return "; ".join(link.reason for link in self.links)

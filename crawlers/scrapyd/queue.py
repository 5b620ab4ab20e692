"""scrapyd's queue: the ledger of jobs, and Redis before it where one is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapyd.interfaces import ISpiderQueue
from zope.interface import implementer

from crawlers.scrapyd.checks import check_arguments, check_job, check_priority
from crawlers.scrapyd.places import ledger_of
from crawlers.scrapyd.waiting import Waiting
from gleanery.config import load_config
from gleanery.errors import ConfigError
from storage.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from storage.jobs import JobLedger


@implementer(ISpiderQueue)
class JobQueue:
    """``spiderqueue`` of scrapyd.

    A job is taken in the ledger (``JobLedger.take``), so two nodes never start the same one.
    """

    def __init__(self, _: object, project: str, *, ledger: JobLedger | None = None) -> None:
        config = load_config()
        self.project = project
        self.ledger = ledger or ledger_of(config)
        self.waiting = Waiting(config.redis_url, project) if config.redis_url else None

    def add(
        self,
        name: str,
        priority: float = 0.0,
        *,
        _job: str,
        settings: dict[str, str] | None = None,
        spider_arguments: Mapping[str, str] | None = None,
        parent: str | None = None,
    ) -> None:
        """Queue a job.

        Raises:
            ConfigError: Its name is taken or malformed, or an argument does not fit.
        """
        job = Job(
            job=check_job(_job),
            spider=name,
            project=self.project,
            priority=check_priority(priority),
            arguments=check_arguments(name, spider_arguments or {}),
            settings=settings or {},
            parent=parent,
        )
        if not self.ledger.add(job):
            raise ConfigError(f"there is a job {_job!r} already (이미 있는 작업입니다)")
        if self.waiting and (queued := self.ledger.find(_job)):
            self.waiting.push([queued])

    def pop(self) -> dict[str, Any] | None:
        """Return the first job's message; it stays queued until it is taken in the ledger."""
        if self.waiting is None:
            first = self.ledger.first(self.project)
            return first.message if first else None
        while name := self.waiting.pop():
            job = self.ledger.find(name)
            if job and job.state == "queued":
                return job.message
            self.waiting.done(name)  # cancelled or taken since
        return None

    def forget(self, job: str) -> None:
        """Say that a popped job has been taken."""
        if self.waiting:
            self.waiting.done(job)

    def renew(self) -> None:
        """Let Redis know every queued job, whatever happened to it."""
        if self.waiting:
            self.waiting.push(self.ledger.queue(self.project))

    def count(self) -> int:
        """Return how many jobs wait."""
        return self.ledger.counts().get("queued", 0)

    def list(self) -> list[dict[str, Any]]:
        """Return what waits, in the order of starting."""
        return [job.message for job in self.ledger.queue(self.project)]

    def remove(self, func: Callable[[dict[str, Any]], bool]) -> int:
        """Cancel what waits and fits; return how many."""
        names = [message["_job"] for message in self.list() if func(message)]
        return sum(self._cancel(name) for name in names)

    def clear(self) -> None:
        """Cancel all that waits."""
        self.remove(lambda _: True)

    def _cancel(self, name: str) -> bool:
        self.forget(name)
        return self.ledger.cancel(name) == "queued"

"""Jobs as they get on: one look, for all who watch, at those that somebody watches."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from admin.progress.recorder import Now
    from crawlers.scrapyd.logs import Grown
    from storage.jobs import Job

logger = logging.getLogger(__name__)
EVERY_SECONDS = 0.4
"""Between two looks: a crawl tells each second, and nobody is to learn of it after 1.5."""
MOST = 100
"""Viewers of one process."""


@dataclass(slots=True, eq=False)
class Seen:
    """A job as it was at one look."""

    job: Job
    now: Now
    log: Grown
    """How its log has grown last."""
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    """What is sent, by part and language: made once for all viewers."""

    def differs(self, other: Seen | None) -> bool:
        """Whether somebody who has seen ``other`` learns anything from this."""
        return other is None or (self.job, self.log.end) != (other.job, other.log.end)


class Viewer:
    """Somebody who watches one job; a slow one misses looks, and piles up nothing."""

    def __init__(self, job: str) -> None:
        self.job = job
        self._seen: Seen | None = None
        self._fresh = asyncio.Event()

    def show(self, seen: Seen) -> None:
        """Hand over a look, in place of the one before."""
        if seen.differs(self._seen):
            self._seen = seen
            self._fresh.set()

    async def next(self, seconds: float) -> Seen | None:
        """Wait for a look that differs from the last one; ``None`` if there was none in time."""
        try:
            await asyncio.wait_for(self._fresh.wait(), seconds)
        except TimeoutError:
            return None
        self._fresh.clear()
        return self._seen


class Live:
    """All viewers of this process; used from its event loop only."""

    def __init__(
        self,
        find: Callable[[Collection[str]], list[tuple[Job, Now]]],
        grown: Callable[[Job, int | None], Grown],
    ) -> None:
        """Begin with nobody.

        Args:
            find: Returns jobs by their names, and how each gets on; called in a thread.
            grown: Returns what a job's log has more than so many bytes; called there, too.
        """
        self._find, self._grown = find, grown
        self._last: dict[str, Seen] = {}
        self._viewers: set[Viewer] = set()
        self._looking: asyncio.Task[None] | None = None

    @property
    def watching(self) -> int:
        """How many watch."""
        return len(self._viewers)

    @property
    def full(self) -> bool:
        """Whether nobody more can watch."""
        return len(self._viewers) >= MOST

    @contextmanager
    def watch(self, job: str) -> Iterator[Viewer]:
        """Let somebody watch a job."""
        viewer = Viewer(job)
        self._viewers.add(viewer)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    async def _look(self) -> None:
        while names := {viewer.job for viewer in self._viewers}:
            try:
                self._last = await run_in_threadpool(self._seen, names)
            except GleaneryError:
                logger.warning("No look at the jobs", exc_info=True)
                self._last = {}
            for viewer in self._viewers:
                if viewer.job in self._last:
                    viewer.show(self._last[viewer.job])
            await asyncio.sleep(EVERY_SECONDS)

    def _seen(self, names: Collection[str]) -> dict[str, Seen]:
        found = {}
        for job, now in self._find(names):
            last = self._last.get(job.job)
            log = self._grown(job, last.log.end if last else None)
            if last and log.end == last.log.end:
                log = last.log
            texts = last.texts if last and last.now is now else {}  # its log alone may have grown
            found[job.job] = Seen(job, now, log, texts)
        return found

"""What the frontiers of running jobs hold: read once for all who look at the same moment."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from crawlers.frontier.opened import reports_of
from gleanery.errors import GleaneryError
from pipelines.work.enqueue import queue_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlers.frontier.report import FrontierReport
    from gleanery.config import Config
    from storage.jobs import Job

logger = logging.getLogger(__name__)
FRESH_SECONDS = 1.9
"""For which a look serves the next one who asks, too."""
AWAY_SECONDS = 15.0
"""For which nobody is asked again who did not answer: a page does not wait for it each time."""
VIDEOS = "vectorize/"
"""What stats of jobs begin with that put videos into the work queue."""


class Frontiers:
    """For one thread at a time."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._reports: dict[str, tuple[float, FrontierReport | None]] = {}
        self._videos = (float("-inf"), 0)
        self._away_until = float("-inf")

    def look(self, jobs: Iterable[Job]) -> None:
        """Read the frontiers of jobs that run, and what waits in the work queue if they fill it."""
        now = time.monotonic()
        running = [job for job in jobs if not job.ended_at]
        old = [name for name, (at, _) in self._reports.items() if now - at > AWAY_SECONDS]
        for name in old:
            del self._reports[name]
        names = {name for job in running if (name := job.crawl) and not self._fresh(name, now)}
        if now < self._away_until:
            return
        try:
            if names:
                found = reports_of(self._config, names)
                self._reports |= {name: (now, found.get(name)) for name in names}
            if any(_has_videos(job) for job in running) and now - self._videos[0] > FRESH_SECONDS:
                self._videos = now, self._waiting()
        except GleaneryError as error:
            self._away_until = now + AWAY_SECONDS
            logger.warning("What waits is not known for now: %s", error)

    def of(self, job: Job) -> FrontierReport | None:
        """Return what the frontier of a job held at the last look; ``None`` = nobody knows."""
        _, report = self._reports.get(job.crawl, (0.0, None))
        return None if job.ended_at else report

    def videos(self, job: Job) -> int:
        """Return how many videos wait or are under way, if the job adds any; of all jobs."""
        return self._videos[1] if _has_videos(job) and not job.ended_at else 0

    def _fresh(self, name: str, now: float) -> bool:
        return name in self._reports and now - self._reports[name][0] < FRESH_SECONDS

    def _waiting(self) -> int:
        with queue_of(self._config) as queue:
            counts = queue.counts()
            return counts.queued + counts.leased


def _has_videos(job: Job) -> bool:
    return any(name.startswith(VIDEOS) for name in job.stats)

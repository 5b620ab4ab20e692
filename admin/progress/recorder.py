"""Looks at the jobs that run, every two seconds, and keeps what charts are made of."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from admin.progress.frontiers import Frontiers
from admin.progress.outlook import WINDOW_SECONDS, Outlook, outlook
from admin.progress.sampling import sample_of
from gleanery.errors import GleaneryError
from storage.jobs import ACTIVE
from storage.jobs.history import MOST_ENDED, STEP_SECONDS, JobHistory, step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from gleanery.config import Config
    from storage.branch import Branch
    from storage.jobs import Job, JobLedger
    from storage.jobs.sample import Sample

logger = logging.getLogger(__name__)
BRANCHES_SECONDS = 4.0
"""For which the branches of a job serve all who look at it."""
FORGET_SECONDS = 3600.0
"""Between two looks for what is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A job at this moment."""

    recent: list[Sample]
    """Of the last while; the newest one is of now."""
    outlook: Outlook
    branches: list[Branch]


class Recorder:
    """One per program, with a thread of its own; methods may be called from any thread."""

    def __init__(self, config: Config, ledger: Callable[[], JobLedger]) -> None:
        """Begin with nothing.

        Args:
            config: Says where frontiers are, and for how long history is kept.
            ledger: Returns the jobs', open.
        """
        self._config, self._ledger = config, ledger
        self._frontiers = Frontiers(config)
        self._recent: dict[str, deque[Sample]] = {}
        self._branches: dict[str, tuple[float, list[Branch]]] = {}
        self._first: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._watched: list[tuple[Job, Now]] = []
        self._forget_at = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def watched(self, names: Collection[str]) -> list[tuple[Job, Now]]:
        """Return jobs by their names, each as it is now, or was when its crawl last told anything.

        Raises:
            StoreError: Their tables are away.
        """
        jobs = self._ledger().named(names)
        told = {job.job: (job, now) for job, now in self._watched if job.job in names}
        changed = [job for job in jobs if job.job not in told or told[job.job][0] != job]
        told |= {j.job: (j, now) for j, now in zip(changed, self.look(changed), strict=True)}
        self._watched = [told[job.job] for job in jobs]
        return self._watched

    def look(self, jobs: Sequence[Job]) -> list[Now]:
        """Return each of some jobs as it is now; of one that has ended, as it was at its end.

        Raises:
            StoreError: Their tables are away.
        """
        history = JobHistory(self._ledger())
        with self._lock:
            self._frontiers.look(jobs)
            return [self._now(history, job) for job in jobs]

    def _samples(self, jobs: Sequence[Job]) -> list[Sample]:
        history = JobHistory(self._ledger())
        with self._lock:
            self._frontiers.look(jobs)
            return [self._recent_with(history, job)[-1] for job in jobs]

    def tick(self) -> None:
        """Look at all jobs that run, and keep it."""
        ledger = self._ledger()
        history = JobHistory(ledger)
        jobs = ledger.in_states(*ACTIVE)
        gone = set(self._first) - {job.job for job in jobs}
        ended = ledger.named(gone) if gone else []
        kept: list[tuple[str, Sample]] = []
        for job, sample in zip([*jobs, *ended], self._samples([*jobs, *ended]), strict=True):
            step = step_of(sample.at - self._since(history, job.job, sample.at))
            at = sample.at if job.ended_at else sample.at // step * step
            kept.append((job.job, replace(sample, at=at)))
            if self._steps.get(job.job) != step:
                history.thin(job.job, step)
                self._steps[job.job] = step
        history.keep(kept)
        for name in gone:
            self._let_go(history, name)
        self._tidy({job.job for job in jobs})
        if time.monotonic() >= self._forget_at:
            history.forget(self._config.jobs_history_days)
            self._forget_at = time.monotonic() + FORGET_SECONDS

    def _now(self, history: JobHistory, job: Job) -> Now:
        recent = self._recent_with(history, job)
        ahead = Outlook(seconds=None, by="ended")
        if not job.ended_at:
            ahead = outlook(recent, self._frontiers.of(job))
        at, branches = self._branches.get(job.job, (float("-inf"), []))
        if time.monotonic() - at > BRANCHES_SECONDS:
            branches = history.branches(job.job)
            self._branches[job.job] = time.monotonic(), branches
        return Now(recent=recent, outlook=ahead, branches=branches)

    def _recent_with(self, history: JobHistory, job: Job) -> list[Sample]:
        """Return the last samples of a job, the newest one of now or of its end."""
        at = _second(job.ended_at) if job.ended_at else int(time.time())
        report = self._frontiers.of(job)
        sample = sample_of(
            job, report.depths if report else None, at=at, vectorize=self._frontiers.videos(job)
        )
        recent = self._recent_of(history, job.job, at)
        while recent and recent[-1].at >= at:
            recent.pop()
        recent.append(sample)
        while recent[0].at < at - WINDOW_SECONDS:
            recent.popleft()
        return list(recent)

    def _recent_of(self, history: JobHistory, job: str, at: int) -> deque[Sample]:
        if job not in self._recent:  # of a program that ran before this one
            self._recent[job] = deque(history.read(job, since=at - WINDOW_SECONDS))
        return self._recent[job]

    def _since(self, history: JobHistory, job: str, at: int) -> int:
        if job not in self._first:
            self._first[job] = history.first_at(job) or at
        return self._first[job]

    def _let_go(self, history: JobHistory, job: str) -> None:
        """Keep less of a job that has ended, and remember nothing of it."""
        samples = history.read(job)
        if samples:
            history.thin(job, step_of(samples[-1].at - samples[0].at, MOST_ENDED))
        self._first.pop(job, None)
        self._steps.pop(job, None)

    def _tidy(self, running: set[str]) -> None:
        """Remember nothing of jobs that have ended and were looked at since."""
        with self._lock:
            for kept in (self._recent, self._branches):
                for name in kept.keys() - running:
                    del kept[name]

    def _run(self) -> None:
        while not self._ended.wait(STEP_SECONDS):
            try:
                self.tick()
            except GleaneryError as error:
                logger.warning("Nothing is kept of jobs for now: %s (기록하지 못했습니다)", error)
            except Exception:
                logger.exception("Nothing is kept of jobs for now")


def _second(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())

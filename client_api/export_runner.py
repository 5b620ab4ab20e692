"""Runs export jobs: ``gleanery export`` as a child process, one at a time for each ``HOME``."""

from __future__ import annotations

import fcntl
import logging
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING

from client_api.export_options import ExportOptions
from items.clock import to_iso, utc_now

if TYPE_CHECKING:
    from client_api.export_jobs import ExportJob, ExportJobs

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.2
END_SECONDS = 10
"""Time that a child has to end when it is asked to."""


class ExportRunner:
    """A thread that takes the oldest job that has not ended, again and again.

    It holds a lock that its child inherits: after a ``kill -9`` of this process the next one waits
    until that child has ended, so that two never write into one folder.
    """

    def __init__(self, jobs: ExportJobs) -> None:
        self._jobs = jobs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exports", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier process left goes on."""
        self._thread.start()

    def stop(self) -> None:
        """End the child, whose job goes on at the next start, and the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            if not self._jobs.root.is_dir():
                continue
            try:
                with (self._jobs.root / ".run.lock").open("a") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._jobs.sweep()
                    job = next((job for job in self._jobs.listed() if job.waits), None)
                    if job:
                        self._work(job, lock)
            except BlockingIOError:
                continue  # another process's runner, or a child that was left behind
            except (OSError, ValueError, TypeError):
                logger.exception("An export job could not be run")
                self._stop.wait(END_SECONDS)

    def _work(self, job: ExportJob, lock: IO[str]) -> None:
        if self._jobs.is_whole(job.id):
            self._end(job, "done")
            return
        if self._jobs.change(job, state="running") is None:
            return
        options = ExportOptions.model_validate(job.options)
        command = [sys.executable, "-m", "commands.app", "export", *options.arguments()]
        with subprocess.Popen(  # noqa: S603 - our own command, its options checked
            [*command, f"--out={self._jobs.folder(job.id)}", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what it says on stderr is in our log
            pass_fds=(lock.fileno(),),
        ) as child:
            stands = self._watch(job, child)
        if not stands:
            self._jobs.put_away(job.id)
        elif not self._stop.is_set() or self._jobs.is_whole(job.id):
            well = child.returncode == 0 and self._jobs.is_whole(job.id)
            self._end(job, "done" if well else "failed", child.returncode)

    def _watch(self, job: ExportJob, child: subprocess.Popen[bytes]) -> bool:
        """Wait for the child; end it if its job was removed (``False``) or this stops."""
        while child.poll() is None:
            now = self._jobs.find(job.id)
            stands = now is not None and now.token == job.token
            if not stands or self._stop.wait(POLL_SECONDS):
                child.terminate()
                try:
                    child.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
        now = self._jobs.find(job.id)
        return now is not None and now.token == job.token

    def _end(self, job: ExportJob, state: str, status: int = 0) -> None:
        reason = None
        if state == "failed":
            reason = f"The export ended with status {status}; the server's log says why."
        self._jobs.change(job, state=state, reason=reason, ended_at=str(to_iso(utc_now())))

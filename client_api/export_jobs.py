"""Export jobs: a folder and a file of state each, in ``HOME/exports``; they survive a restart."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from client_api.problems import ProblemError
from exports.run import MANIFEST, PROGRESS
from gleanery.files import write_whole
from items.clock import to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from client_api.export_options import ExportOptions

MOST_WAITING, MOST = 16, 100
"""Jobs that have not ended, and jobs in all, at most."""
RETRY_SECONDS = 60
GONE = ".gone-"
"""How the names of folders begin that are to be removed."""
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """One job, as its file says."""

    id: str
    options: dict[str, Any]
    created_at: str
    state: str = "queued"
    """queued, running, done or failed."""
    reason: str | None = None
    ended_at: str | None = None
    token: str = field(default_factory=lambda: uuid4().hex)
    """Tells a job from one of the same id that was removed."""

    @property
    def waits(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("queued", "running")


class ExportJobs:
    """All jobs of a ``HOME``; several processes may share it. Methods block."""

    def __init__(self, home: Path) -> None:
        self.root = home / "exports"

    def folder(self, number: str) -> Path:
        """Return where a job's export is."""
        return self.root / number

    def find(self, number: str) -> ExportJob | None:
        """Return a job."""
        if not _ID.fullmatch(number):
            return None
        try:
            return ExportJob(**json.loads(self._file(number).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def listed(self) -> list[ExportJob]:
        """Return all jobs, the oldest first."""
        found = [self.find(path.stem) for path in self.root.glob("*.json")]
        return sorted((j for j in found if j), key=lambda job: (job.created_at, job.id))

    def ask(self, number: str, options: ExportOptions) -> ExportJob:
        """Queue a job, or return the one there is; one that failed goes on.

        Raises:
            ProblemError: 422 it was asked for with other options, 503 or 409 there are too many.
        """
        with self._alone():
            job, asked = self.find(number), options.model_dump()
            if job and job.options != asked:
                raise ProblemError(422, "Idempotency-Key: it was used with other options.")
            if job and job.state != "failed":
                return job
            jobs = self.listed()
            if sum(one.waits for one in jobs) >= MOST_WAITING:
                retry = {"Retry-After": str(RETRY_SECONDS)}
                text = f"{MOST_WAITING} exports wait already (대기열이 가득 찼습니다)."
                raise ProblemError(503, text, headers=retry)
            if not job and len(jobs) >= MOST:
                raise ProblemError(409, f"There are {MOST} exports: remove some (삭제하십시오).")
            now = str(to_iso(utc_now()))
            return self._write(ExportJob(id=number, options=asked, created_at=now))

    def change(self, job: ExportJob, **values: Any) -> ExportJob | None:
        """Note how a job stands; ``None`` if it was removed meanwhile."""
        with self._alone():
            now = self.find(job.id)
            if now is None or now.token != job.token:
                return None
            return self._write(replace(now, **values))

    def remove(self, number: str) -> bool:
        """Forget a job; its folder is out of reach at once, and removed by the runner."""
        with self._alone():
            if self.find(number) is None:
                return False
            self._file(number).unlink()
            self.put_away(number)
            return True

    def put_away(self, number: str) -> None:
        """Take a folder out of its place."""
        if self.folder(number).exists():
            self.folder(number).rename(self.root / f"{GONE}{uuid4().hex}")

    def sweep(self) -> None:
        """Remove the folders that were put away."""
        for path in self.root.glob(f"{GONE}*"):
            shutil.rmtree(path, ignore_errors=True)

    def is_whole(self, number: str) -> bool:
        """Whether the export in a job's folder is done."""
        folder = self.folder(number)
        return (folder / MANIFEST).exists() and not (folder / PROGRESS).exists()

    def counts(self, number: str) -> dict[str, int]:
        """Return items written so far, by split."""
        for name in (PROGRESS, MANIFEST):
            try:
                state = json.loads((self.folder(number) / name).read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            return dict(state["counts"].get("split", {}))
        return {}

    def files(self, number: str) -> dict[str, Path]:
        """Return the files of an export by name: no folder, no link, nothing hidden."""
        folder = self.folder(number)
        found = sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
        return {
            path.name: path
            for path in found
            if not path.name.startswith(".") and not path.is_symlink() and path.is_file()
        }

    def _file(self, number: str) -> Path:
        return self.root / f"{number}.json"

    def _write(self, job: ExportJob) -> ExportJob:
        write_whole(self._file(job.id), json.dumps(asdict(job), ensure_ascii=False).encode())
        return job

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".state.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

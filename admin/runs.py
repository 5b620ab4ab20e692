"""Work that takes longer than an answer: done in the background, watched on a page of its own."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)
AT_ONCE = 3
"""Runs of one process that go on side by side; the others wait."""
KEPT = 100
"""Runs remembered; the oldest that ended are forgotten first."""
WAITING = 20
"""Runs that have not ended, at most."""
Kind = Literal["reclassify", "purge.look", "purge", "replay", "reconcile", "topics"]

TITLES: dict[Kind, str] = {
    "reclassify": "Classify again",
    "purge.look": "What a deletion would remove",
    "purge": "Deletion",
    "replay": "Store what waits",
    "reconcile": "Check of the store",
    "topics": "Search for topics",
}


class StoppedError(GleaneryError):
    """The admin page is being shut down: what is done stays done, the rest is not."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One piece of work."""

    id: str
    kind: Kind
    user: str
    subject: str
    """What it is about, in a few words."""
    began_at: float
    """Milliseconds since 1970."""
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    done: int = 0
    total: int | None = None
    """``None``: nobody knows."""
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(repr=False)
    asked: tuple[str, ...] = field(default=(), repr=False)
    """Items that it is about; never shown, and forgotten with the run."""

    @property
    def title(self) -> str:
        """What people call it, in English."""
        return TITLES[self.kind]

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state in {"waiting", "running"}

    def tell(self, done: int, total: int | None = None) -> None:
        """Say how far it is; called by the work itself.

        Raises:
            StoppedError: It is to end here.
        """
        self.done, self.total = done, total
        if self.stop.is_set():
            raise StoppedError("the admin page was stopped (관리 페이지가 종료되었습니다)")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        shown = [name for name in self.__slots__ if name not in {"stop", "asked"}]
        return {name: getattr(self, name) for name in shown}


class TooManyRunsError(GleaneryError):
    """As many runs as may wait do."""


class Runs:
    """All runs of this process; methods may be called from any thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="run")
        self._stop = threading.Event()
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._lock = threading.Lock()

    def begin(
        self, kind: Kind, work: Callable[[Run], dict[str, Any]], *, user: str, subject: str,
        asked: tuple[str, ...] = (),
    ) -> Run:  # fmt: skip
        """Do ``work`` in the background; what it returns becomes the run's ``result``.

        Raises:
            TooManyRunsError: Too many wait.
        """
        run = Run(
            id=secrets.token_hex(8), kind=kind, user=user, subject=subject, asked=asked,
            began_at=time.time() * 1000, stop=self._stop,
        )  # fmt: skip
        with self._lock:
            if sum(each.active for each in self._runs.values()) >= WAITING:
                raise TooManyRunsError(f"{WAITING} wait already (대기 중인 실행이 너무 많습니다)")
            self._runs[run.id] = run
            for old in [r for r in self._runs.values() if not r.active][: len(self._runs) - KEPT]:
                del self._runs[old.id]
        self._threads.submit(_done, run, work)
        return run

    def find(self, name: str) -> Run | None:
        """Return a run by its id."""
        return self._runs.get(name)

    def listed(self) -> list[Run]:
        """Return all runs that are remembered, the newest first."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def close(self) -> None:
        """Let each come to its next step, and end there."""
        self._stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)


def _done(run: Run, work: Callable[[Run], dict[str, Any]]) -> None:
    run.state = "running"
    try:
        run.result = work(run)
        run.state = "done"
    except GleaneryError as error:
        run.message, run.state = str(error), "failed"
        logger.warning("Run %s (%s) failed: %s", run.id, run.kind, error)
    except Exception:
        run.message, run.state = f"# {run.id}", "failed"
        logger.exception("Run %s (%s) failed", run.id, run.kind)

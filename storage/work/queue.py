"""What a work queue must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Self

from storage.work.job import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from storage.work.job import Counts, Failed, Held, Job, Put


class WorkQueue(ABC):
    """Jobs by identity, for any number of producers and workers; ``docs/work.md``.

    Methods block and may be called from any thread. Each but :meth:`lease` may be repeated after
    an answer was lost, without harm; :meth:`lease` gives back what its caller does not know of.
    They raise ``StoreUnavailableError`` while the queue is away and ``StoreError`` if it is no
    queue of ours; nothing has happened then, or the whole call has. ``tests/contracts`` holds
    what each must keep.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()

    @abstractmethod
    def open(self) -> None:
        """Connect, and create what is missing."""

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection; harmless if never opened."""

    @abstractmethod
    def put(
        self,
        identity: str,
        steps: list[str],
        payload: Mapping[str, Any] | None = None,
        *,
        limit: int = 0,
    ) -> Put:
        """Add a job, or to a known one the steps that it neither has nor has finished.

        Args:
            identity: Of the item; one job for each.
            steps: In order.
            payload: Plain values; replaces the older one if a step is new.
            limit: Jobs that may be queued before a further one does not fit; 0 = any number.
                Steps for a job that is queued, leased or parked always fit.
        """

    @abstractmethod
    def lease(self, worker: str, want: int = 0, held: Iterable[Held] = ()) -> list[Job]:
        """Say that ``worker`` lives, and take up to ``want`` jobs, the longest queued first.

        Call it at least each quarter of ``lease_seconds``. Jobs of workers that have been silent
        for that long go back, with the failure ``died``; so does, without one, what ``worker`` was
        given in an answer that it never got.

        Args:
            worker: Name, unique among those alive.
            want: Jobs to take.
            held: Every lease that this worker knows of.
        """

    @abstractmethod
    def finish(self, held: Held, step: str) -> list[str] | None:
        """Note that ``step`` is done and its result is kept.

        Returns:
            Steps left, new ones included; with none left the job is done. ``None``: the lease is
            lost, and somebody else goes on with the job.
        """

    @abstractmethod
    def fail(self, held: Held, worker: str, reason: str, *, delay: float = 0) -> Failed:
        """Give a job back that failed, for another try after ``delay`` seconds.

        After ``max_attempts`` failures without a finished step between them it is parked.
        """

    @abstractmethod
    def release(self, held: Held, delay: float = 0) -> bool:
        """Give a job back that can be done after ``delay`` seconds; that is no failure.

        Returns:
            Whether the lease was still good.
        """

    @abstractmethod
    def leave(self, worker: str) -> None:
        """Give back all that ``worker`` holds; that is no failure. It counts no more as alive."""

    @abstractmethod
    def parked(self, limit: int = 100) -> list[Job]:
        """List the jobs given up, the oldest first."""

    @abstractmethod
    def requeue(self, identities: Sequence[str] | Literal["all"]) -> int:
        """Try parked jobs again, as if they had never failed; their history stays.

        Returns:
            How many; identities that are not parked count for nothing.
        """

    @abstractmethod
    def remove(self, identities: Sequence[str]) -> list[str]:
        """Forget jobs, finished ones too; whoever has one finds its lease lost.

        Returns:
            Those that there were.
        """

    @abstractmethod
    def known(self, identities: Sequence[str]) -> list[str]:
        """Return those of ``identities`` that have a job, in whatever state."""

    @abstractmethod
    def counts(self) -> Counts:
        """Count what there is."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

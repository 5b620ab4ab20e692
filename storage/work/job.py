"""What waits in the work queue, and what became of it so far."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Put = Literal["queued", "known", "full"]
"""``known``: nothing of it is new; ``full``: it was not taken, try again later."""
Failed = Literal["queued", "parked", "late"]
"""``late``: the lease was lost meanwhile, and somebody else has the job."""
MOST_REASON = 500
"""Characters kept of a failure's reason."""
MOST_HISTORY = 20
"""Failures kept of one job, the newest."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Rules:
    """What everybody who uses one queue must agree on."""

    lease_seconds: float = 30.0
    """Silence after which a worker counts as dead and its jobs go back."""
    max_attempts: int = 3
    """Failures after which a job is parked, counted since its last finished step."""
    max_deaths: int = 10
    """Workers that may die over a job, counted likewise: mostly it is not the job that kills."""

    @property
    def lease_ms(self) -> int:
        """The lease as scripts count it."""
        return int(self.lease_seconds * 1000)


@dataclass(slots=True, frozen=True, kw_only=True)
class Failure:
    """One failure of a job."""

    at: datetime
    worker: str
    reason: str


@dataclass(slots=True, frozen=True, kw_only=True)
class Held:
    """Names a lease: a worker shows it with all that it says of a job."""

    identity: str
    lease: int
    """Number of the lease, larger for each; 0 = none yet."""


@dataclass(slots=True, kw_only=True)
class Job:
    """What is left to do for one item."""

    identity: str
    steps: list[str]
    """Left to do, in order."""
    finished: list[str] = field(default_factory=list)
    """Steps that are done, none of them to be repeated."""
    payload: dict[str, Any] = field(default_factory=dict)
    """What the steps need to know besides the item."""
    lease: int = 0
    failures: int = 0
    """Since the last finished step."""
    history: list[Failure] = field(default_factory=list)
    """The oldest failure first."""

    @property
    def held(self) -> Held:
        """The lease under which a worker has it."""
        return Held(identity=self.identity, lease=self.lease)


@dataclass(slots=True, kw_only=True)
class Counts:
    """How much there is; what is parked is neither queued nor done."""

    queued: int = 0
    """Waiting, those for a later time included."""
    delayed: int = 0
    """Of these, those whose time has not come."""
    leased: int = 0
    parked: int = 0
    done: int = 0
    workers: int = 0
    """Heard of within the lease time."""


def check_steps(steps: list[str]) -> None:
    """Refuse what the queue could not tell apart.

    Raises:
        ValueError: There is no step, one is empty, has a line break or stands twice.
    """
    if not steps or len(set(steps)) < len(steps) or any("\n" in s or not s for s in steps):
        raise ValueError(f"no list of steps: {steps!r}")


def job_of(
    *,
    identity: str,
    left: str,
    finished: str,
    payload: str,
    lease: int,
    failures: int,
    history: str,
) -> Job:
    """Read what both queues keep of a job: lists as lines, the payload as JSON."""
    return Job(
        identity=identity,
        steps=lines(left),
        finished=lines(finished),
        payload=json.loads(payload or "{}"),
        lease=lease,
        failures=failures,
        history=[_failure(line) for line in lines(history)],
    )


def lines(text: str) -> list[str]:
    """Part what was joined by line breaks; nothing gives nothing."""
    return text.split("\n") if text else []


def one_line(reason: str) -> str:
    """Return ``reason`` as the history keeps it."""
    return " ".join(reason.split())[:MOST_REASON] or "no reason given"


def _failure(line: str) -> Failure:
    at, worker, reason = line.split("\t", 2)
    return Failure(at=datetime.fromtimestamp(int(at) / 1000, tz=UTC), worker=worker, reason=reason)

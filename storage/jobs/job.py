"""What is known of one job, of what happened to it, and of a node."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["queued", "running", "stalled", "finished", "failed", "cancelled", "lost"]
STATES: tuple[State, ...] = get_args(State)
ACTIVE: tuple[State, ...] = ("running", "stalled")
"""A process has the job; a stalled one has found nothing for long."""
ENDED: tuple[State, ...] = ("finished", "failed", "cancelled", "lost")
"""Nothing happens to these any more; a lost one was lost too often."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One run of a spider; it keeps its name over all attempts."""

    job: str
    """Its name: letters, digits, ``-`` and ``_``, at most 64."""
    spider: str
    project: str = "default"
    state: State = "queued"
    priority: float = 0.0
    """Higher ones start first."""
    arguments: dict[str, str] = field(default_factory=dict)
    """Of the spider, as given."""
    settings: dict[str, str] = field(default_factory=dict)
    """Scrapy settings, as given."""
    version: str | None = None
    """Of Gleanery, where it ran last."""
    parent: str | None = None
    """The job that this one repeats."""
    attempt: int = 0
    """How often it was started."""
    node: str | None = None
    pid: int | None = None
    cancel: bool = False
    """Somebody asked for its end."""
    created_at: str = ""
    started_at: str | None = None
    """Of the last attempt."""
    ended_at: str | None = None
    heartbeat_at: str | None = None
    progress_at: str | None = None
    """When its pages and items last grew."""
    progress: int = 0
    """Pages and items of this attempt together."""
    reason: str | None = None
    """Scrapy's close reason, or ours: why it failed or was lost."""
    exit_code: int | None = None
    signal: str | None = None
    """What killed its process, e.g. ``SIGKILL``; while it runs, what it is to be killed by."""
    stats: dict[str, Any] = field(default_factory=dict)
    """Scrapy's, as of the last heartbeat."""
    number: int = 0
    """Order of asking; pages of a list go by it."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of the table ``jobs``."""
        texts = {name: json.loads(row[name]) for name in ("arguments", "settings", "stats")}
        return cls(**(dict(row) | texts | {"cancel": bool(row["cancel"])}))

    @property
    def crawl(self) -> str:
        """Name of the crawl that it goes on with; empty until it has begun."""
        return str(self.stats.get("frontier/crawl") or "")

    @property
    def message(self) -> dict[str, Any]:
        """The job as scrapyd's queue hands it on."""
        own = {"name": self.spider, "_job": self.job, "settings": dict(self.settings)}
        return {**self.arguments, **own}


@dataclass(slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job."""

    job: str
    at: str
    event: str
    node: str | None = None
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class Node:
    """One scrapyd, as it said last."""

    name: str
    heartbeat_at: str
    slots: int
    """Jobs that it runs at once, at most."""
    draining: bool
    running: list[str]
    """Names of its jobs."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of the table ``job_nodes``."""
        given = {"running": json.loads(row["running"]), "draining": bool(row["draining"])}
        return cls(**(dict(row) | given))


def instant(before_seconds: float = 0) -> str:
    """Return the instant so many seconds ago; texts of instants sort as the instants do."""
    return (datetime.now(UTC) - timedelta(seconds=before_seconds)).isoformat(
        timespec="milliseconds"
    )


def check_state(state: str) -> State:
    """Return ``state``.

    Raises:
        ConfigError: There is no such state.
    """
    for known in STATES:
        if state == known:
            return known
    raise ConfigError(f"no state {state!r} (없는 상태): {', '.join(STATES)}")

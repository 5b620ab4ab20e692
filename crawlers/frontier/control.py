"""What an operator does to a crawl from outside: look, pause, prune, re-queue, drop."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from scrapy import Request
from scrapy.utils.request import fingerprint

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlers.frontier.report import FrontierReport

LIMITS = ("max_pages", "max_items", "max_bytes", "max_seconds")
SPEEDS = {"pages_per_minute": (0, 1_000_000), "concurrency": (0, 500), "delay_ms": (-1, 3_600_000)}
"""Least and most of each field of a ``Speed``."""


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One failure of a request."""

    at: datetime
    worker: str
    reason: str
    """``died`` (its worker), ``failed`` (its callback, or storing an item), ``unreadable``."""


@dataclass(slots=True, kw_only=True)
class DeadLetter:
    """A request that is tried no more until someone queues it again."""

    id: str
    depth: int
    host: str
    url: str
    history: list[Attempt] = field(default_factory=list)
    """The oldest failure first."""


@dataclass(slots=True, kw_only=True)
class CrawlRow:
    """One line of the list of crawls."""

    crawl: str
    state: str
    queued: int
    in_flight: int
    done: int
    dead: int
    workers: int


class FrontierControl(ABC):
    """One crawl's frontier, from outside; every method may run beside the crawl's workers.

    Methods raise ``FrontierUnavailableError`` if the queue is away and ``FrontierGoneError`` if
    there is no such crawl. ``tests/contracts`` holds what each must keep.
    """

    crawl: str

    @abstractmethod
    def stats(self, *, hosts: bool = True) -> FrontierReport:
        """Count what there is; ``report.rates`` compares two such counts.

        Without ``hosts`` they may be left out: in a file they are most of the work.
        """

    @abstractmethod
    def dead(self, limit: int = 100) -> list[DeadLetter]:
        """List the oldest dead letters, at most ``limit`` of them."""

    @abstractmethod
    def requeue(self, ids: Sequence[str] | Literal["all"]) -> int:
        """Put dead letters back to the head of their depth, with an empty history.

        Returns:
            How many; ids that are not there count for nothing.
        """

    @abstractmethod
    def discard(self, ids: Sequence[str] | Literal["all"]) -> int:
        """Forget dead letters for good; what they lead to stays seen, and is not crawled.

        Returns:
            How many; ids that are not there count for nothing.
        """

    @abstractmethod
    def prune(self, node: str) -> bool:
        """Set a branch aside: nothing below ``node`` is leased any more.

        Args:
            node: Name of a request (``meta["node"]``), or the address of a page.

        Returns:
            Whether it was not pruned already.
        """

    @abstractmethod
    def restore(self, node: str) -> int:
        """Undo :meth:`prune`, in the old order; below another pruned node nothing comes back.

        Returns:
            How many requests were queued again. The rest of the branch was never taken out.
        """

    @abstractmethod
    def pruned(self, limit: int = 100) -> list[str]:
        """Return up to ``limit`` pruned nodes, in no order."""

    @abstractmethod
    def pause(self) -> None:
        """Let workers finish what they hold, and lease nothing more until :meth:`resume`."""

    @abstractmethod
    def resume(self) -> None:
        """Undo :meth:`pause`."""

    @abstractmethod
    def limit(self, limits: Mapping[str, int]) -> None:
        """Change what the crawl may use up; its workers keep to it from their next exchange on.

        Args:
            limits: Some of ``max_pages``, ``max_items``, ``max_bytes`` and ``max_seconds`` (since
                the crawl began), each for all workers and runs together; 0 = no limit. What is
                not named stays. The next run of the job brings its own.
        """

    @abstractmethod
    def set_speed(self, changes: Mapping[str, int]) -> None:
        """Change how fast the crawl may go; its workers keep to it from their next exchange on.

        Args:
            changes: Some fields of a ``Speed``. What is not named stays, for later runs, too.
        """

    @abstractmethod
    def drop(self) -> None:
        """Delete the crawl; workers that still run end with ``frontier_gone``."""


def node_of(node: str) -> str:
    """Return the node that an address stands for (a plain GET of it), or ``node`` itself."""
    if not re.match(r"https?://", node):
        return node
    return fingerprint(Request(node))[:4].hex()  # as middlewares.lineage names them


def attempts_of(history: str) -> list[Attempt]:
    """Read a history: ``ms@worker@why`` of each failure, parted by commas."""
    return [_attempt(text) for text in history.split(",") if text]


def checked_limits(limits: Mapping[str, int]) -> dict[str, int]:
    """Return ``limits`` as a plain dictionary.

    Raises:
        ConfigError: There is no such limit, or it is less than 0.
    """
    for name, value in limits.items():
        if name not in LIMITS or value < 0:
            raise ConfigError(f"{name}={value}: {', '.join(LIMITS)}, 0 or more (0 이상)")
    return dict(limits)


def checked_speed(changes: Mapping[str, int]) -> dict[str, int]:
    """Return ``changes`` as a plain dictionary.

    Raises:
        ConfigError: There is no such field, or it is out of its range.
    """
    for name, value in changes.items():
        least, most = SPEEDS.get(name, (0, -1))
        if not least <= value <= most:
            known = ", ".join(f"{n} {low}…{high}" for n, (low, high) in SPEEDS.items())
            raise ConfigError(f"{name}={value}: {known} (속도의 범위를 벗어났습니다)")
    return dict(changes)


def id_number(lease_id: str) -> int:
    """Return the number that an id is; 0 for what is none."""
    return int(lease_id) if lease_id.isascii() and lease_id.isdigit() else 0


def _attempt(text: str) -> Attempt:
    at, rest = text.split("@", 1)
    worker, _, reason = rest.rpartition("@")
    return Attempt(
        at=datetime.fromtimestamp(int(float(at)) / 1000, tz=UTC), worker=worker, reason=reason
    )

"""What a crawl's frontier holds, wherever it lies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

COUNTERS = ("seen", "repeated", "reclaimed", "late", "items", "bytes")
BUDGETS = ("max_pages", "max_items", "max_bytes", "deadline")

LEVELS_READ = 8
"""Shallowest levels whose queues are looked into."""
HOSTS_SAMPLED = 24
"""Hosts looked at: of each level, of the dead and of the pruned; there may be a million."""
HOSTS_SHOWN = 20
WORKERS_SHOWN = 64


@dataclass(slots=True, kw_only=True)
class DepthCounts:
    """Requests of one depth."""

    depth: int
    queued: int = 0
    in_flight: int = 0
    done: int = 0
    pruned: int = 0
    dead: int = 0


@dataclass(slots=True, kw_only=True)
class HostCounts:
    """Requests of one host."""

    host: str
    queued: int = 0
    """In the ``LEVELS_READ`` shallowest levels that have anything queued."""
    in_flight: int = 0
    done: int = 0
    pruned: int = 0
    dead: int = 0
    delay_ms: int | None = None
    """Time between two requests; ``None`` = the workers' ``DOWNLOAD_DELAY``."""
    free_in_ms: int = 0
    """Time until it may be asked again; 0 = now."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """A process that takes part in the crawl."""

    name: str
    silent_ms: int
    """Time since its last heartbeat."""
    leases: int


@dataclass(slots=True, kw_only=True)
class OldestLease:
    """The request that has been under way for longest."""

    id: str
    worker: str
    age_ms: int
    """Time since it was leased."""
    depth: int
    host: str
    url: str


@dataclass(slots=True, kw_only=True)
class FrontierReport:
    """State of a crawl at one moment."""

    crawl: str
    at_ms: int
    """Clock of the queue, ms since 1970."""
    state: str
    """``running``, ``paused``, or as a worker sees a spent budget: ``max_pages`` …"""
    queued: int
    in_flight: int
    done: int
    pruned: int
    """Requests set aside because their branch is pruned, as far as workers came across them."""
    dead: int
    pushed: int
    """Requests ever taken in: each is queued, in flight, done, pruned or dead."""
    counters: dict[str, int]
    """``seen`` (fingerprints), ``repeated``, ``reclaimed``, ``late``, ``items``, ``bytes``."""
    budgets: dict[str, int]
    """``max_pages``, ``max_items``, ``max_bytes``, ``deadline`` (ms since 1970); those set."""
    pruned_nodes: int
    speed: dict[str, int] = field(default_factory=dict)
    """Those fields of its ``Speed`` that were changed from what its settings say."""
    depths: list[DepthCounts] = field(default_factory=list)
    hosts: list[HostCounts] = field(default_factory=list)
    """Up to ``HOSTS_SHOWN``, the longest queue first.

    Of each level the hosts that may be asked soonest, and of those with requests under way, dead
    or pruned some; their numbers are exact.
    """
    queues_total: int = 0
    """Queues of the levels read: one for each host that has something there."""
    workers: list[Worker] = field(default_factory=list)
    oldest_lease: OldestLease | None = None


@dataclass(slots=True, kw_only=True)
class Rates:
    """How fast a crawl went between two reports."""

    seconds: float
    pages_per_second: float
    pushed_per_second: float


def rates(before: FrontierReport, after: FrontierReport) -> Rates:
    """Compare two reports of one crawl, the earlier first."""
    seconds = max(after.at_ms - before.at_ms, 1) / 1000
    return Rates(
        seconds=seconds,
        pages_per_second=(after.done - before.done) / seconds,
        pushed_per_second=(after.pushed - before.pushed) / seconds,
    )


def url_of(body: bytes) -> str:
    """Return the address in a request's body, or what the body begins with if it is corrupt."""
    try:
        return str(json.loads(body)["url"])
    except (ValueError, KeyError, TypeError):
        return body[:120].decode("utf-8", "backslashreplace")


def summed(depths: list[DepthCounts]) -> dict[str, int]:
    """Return the totals of a report: each number over all depths, and ``pushed``."""
    names = ("queued", "in_flight", "done", "pruned", "dead")
    totals = {name: sum(getattr(depth, name) for depth in depths) for name in names}
    return totals | {"pushed": sum(totals.values())}

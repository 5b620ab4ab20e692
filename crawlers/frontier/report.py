"""What a crawl's frontier in Redis holds, read in one round trip whatever its size."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from gleanery.errors import FrontierGoneError

if TYPE_CHECKING:
    from redis import Redis

_SCRIPT = Path(__file__).with_name("scripts").joinpath("report.lua").read_text(encoding="utf-8")
COUNTERS = ("seen", "repeated", "reclaimed", "late", "items", "bytes")
BUDGETS = ("max_pages", "max_items", "max_bytes", "deadline")

HOSTS_SAMPLED = 64
"""Hosts of a level whose queues are measured; a level may hold a million."""
HOSTS_SHOWN = 10
LEVELS_SHOWN = 3
WORKERS_SHOWN = 64
ENTRIES_READ = 128
"""Dead letters and pruned requests that are looked into, at most."""


@dataclass(slots=True, kw_only=True)
class DepthCounts:
    """Requests of one depth."""

    depth: int
    queued: int = 0
    in_flight: int = 0
    done: int = 0
    pruned: int = 0
    """Of the first ``ENTRIES_READ`` entries that were set aside."""
    dead: int = 0
    """Of the first ``ENTRIES_READ`` dead letters, or a few more."""


@dataclass(slots=True, kw_only=True)
class HostQueue:
    """Requests of one depth that wait for one host."""

    depth: int
    host: str
    queued: int
    delay_ms: int | None
    """Time between two requests; ``None`` = the workers' ``DOWNLOAD_DELAY``."""
    free_in_ms: int
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
    """The request that has been under way for longest: ids are given out in order."""

    id: str
    worker: str
    depth: int
    host: str
    url: str


@dataclass(slots=True, kw_only=True)
class FrontierReport:
    """State of a crawl at one moment."""

    crawl: str
    at_ms: int
    """Redis' clock, ms since 1970."""
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
    depths: list[DepthCounts] = field(default_factory=list)
    hosts: list[HostQueue] = field(default_factory=list)
    """Longest queues of the shallowest levels, of ``HOSTS_SAMPLED`` hosts each."""
    queues_total: int = 0
    """Queues of those levels: one for each host that has something there."""
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


def read_report(redis: Redis, crawl: str, prefix: str) -> FrontierReport:
    """Read the report of ``crawl``.

    Raises:
        FrontierGoneError: There is no such crawl.
        redis.RedisError: Redis is away.
    """
    limits = [LEVELS_SHOWN, HOSTS_SAMPLED, HOSTS_SHOWN, WORKERS_SHOWN, ENTRIES_READ]
    answer = cast("bytes", redis.register_script(_SCRIPT)(keys=[prefix], args=limits))
    raw: dict[str, Any] = json.loads(answer.decode("utf-8", "replace"))
    meta: dict[str, str] = raw["meta"]
    if "generation" not in meta:
        raise FrontierGoneError(f"There is no crawl {crawl!r} in Redis (그런 수집이 없습니다)")
    depths = _depths(raw)
    queued, in_flight, done = (
        sum(getattr(d, name) for d in depths) for name in ("queued", "in_flight", "done")
    )
    now = int(raw["time"][0]) * 1000 + int(raw["time"][1]) // 1000
    return FrontierReport(
        crawl=crawl,
        at_ms=now,
        state=meta.get("state", "running"),
        queued=queued,
        in_flight=in_flight,
        done=done,
        pruned=raw["pruned"],
        dead=raw["dead"],
        pushed=queued + in_flight + done + raw["pruned"] + raw["dead"],
        counters={name: int(meta.get(name, 0)) for name in COUNTERS},
        budgets={name: int(meta[name]) for name in BUDGETS if int(meta.get(name, 0)) > 0},
        pruned_nodes=raw["pruned_nodes"],
        depths=depths,
        hosts=[_host(*row, now=now) for row in raw["hosts"]],
        queues_total=raw["queues_total"],
        workers=[
            Worker(name=name, silent_ms=max(0, now - int(float(beat))), leases=leases)
            for name, beat, leases in raw["workers"]
        ],
        oldest_lease=_lease(*raw["oldest"]) if "oldest" in raw else None,
    )


def _depths(raw: dict[str, Any]) -> list[DepthCounts]:
    names = ("queued", "in_flight", "done", "pruned_at", "dead_at")
    numbers = [{int(depth): int(n) for depth, n in raw[name].items()} for name in names]
    return [
        DepthCounts(
            depth=depth,
            queued=numbers[0].get(depth, 0),
            in_flight=numbers[1].get(depth, 0),
            done=numbers[2].get(depth, 0),
            pruned=numbers[3].get(depth, 0),
            dead=numbers[4].get(depth, 0),
        )
        for depth in sorted(set().union(*numbers))
    ]


def _host(
    depth: int, name: str, queued: int, delay: str | Literal[False], free_at: str, *, now: int
) -> HostQueue:
    """Read a row of the script; what is not set is ``False`` there."""
    return HostQueue(
        depth=depth,
        host=name,
        queued=queued,
        delay_ms=int(float(delay)) if delay is not False else None,
        free_in_ms=max(0, int(float(free_at or 0)) - now),
    )


def _lease(lease_id: str, worker: str, entry: str) -> OldestLease:
    depth, host, _history, _path, body = entry.split(";", 4)
    url = url_of(body.encode())
    return OldestLease(id=lease_id, worker=worker, depth=int(depth), host=host, url=url)

"""What a crawl's frontier in Redis holds, read in three round trips whatever its size."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gleanery.errors import FrontierGoneError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis import Redis

HOSTS_SAMPLED = 200
"""Hosts of a level whose queues are measured; a level may hold a million."""
HOSTS_SHOWN = 10
LEVELS_SHOWN = 3
WORKERS_SHOWN = 64
ENTRIES_READ = 256
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
    """State of a crawl at one moment; the counts of the first round trip are consistent."""

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
    hosts_total: int = 0
    """Hosts that have something queued in those levels."""
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
    raw = _counts(redis, prefix)
    meta: dict[str, str] = {k.decode(): v.decode() for k, v in raw["meta"].items()}
    if "generation" not in meta:
        raise FrontierGoneError(f"There is no crawl {crawl!r} in Redis (그런 수집이 없습니다)")
    now = raw["time"][0] * 1000 + raw["time"][1] // 1000
    by_depth = {name: _numbers(raw[name]) for name in ("queued", "inflight", "done")}
    report = FrontierReport(
        crawl=crawl,
        at_ms=now,
        state=meta.get("state", "running"),
        queued=sum(by_depth["queued"].values()),
        in_flight=sum(by_depth["inflight"].values()),
        done=sum(by_depth["done"].values()),
        pruned=raw["pruned_length"],
        dead=raw["dead_length"],
        pushed=0,
        counters={
            name: int(meta.get(name, 0))
            for name in ("seen", "repeated", "reclaimed", "late", "items", "bytes")
        },
        budgets={
            name: int(meta[name])
            for name in ("max_pages", "max_items", "max_bytes", "deadline")
            if int(meta.get(name, 0)) > 0
        },
        pruned_nodes=raw["pruned_nodes"],
        depths=_depths(by_depth, raw["pruned_queue"], raw["dead"]),
    )
    report.pushed = sum((report.queued, report.in_flight, report.done, report.pruned, report.dead))
    _add_details(redis, prefix, report, raw["levels"], raw["workers"])
    return report


def _counts(redis: Redis, prefix: str) -> dict[str, Any]:
    """One transaction: these numbers belong together."""
    dead, aside = prefix + "dead", prefix + "pruned_queue"
    with redis.pipeline(transaction=True) as pipe:
        calls = {
            "time": pipe.time(),
            "meta": pipe.hgetall(prefix + "meta"),
            "queued": pipe.hgetall(prefix + "queued"),
            "inflight": pipe.hgetall(prefix + "inflight"),
            "done": pipe.hgetall(prefix + "done"),
            "pruned_length": pipe.llen(aside),
            "pruned_queue": pipe.lrange(aside, 0, ENTRIES_READ - 1),
            "pruned_nodes": pipe.scard(prefix + "pruned"),
            "dead_length": pipe.hlen(dead),
            "dead": pipe.hscan(dead, 0, count=ENTRIES_READ),
            "levels": pipe.zrange(prefix + "levels", 0, LEVELS_SHOWN - 1),
            "workers": pipe.zrange(prefix + "workers", 0, WORKERS_SHOWN - 1, withscores=True),
        }
        found: dict[str, Any] = dict(zip(calls, pipe.execute(), strict=True))
    found["dead"] = list(found["dead"][1].values())
    return found


def _numbers(raw: dict[bytes, bytes]) -> dict[int, int]:
    return {int(depth): int(number) for depth, number in raw.items()}


def _depths(
    by_depth: dict[str, dict[int, int]], pruned: list[bytes], dead: list[bytes]
) -> list[DepthCounts]:
    aside = Counter(int(entry.split(b";", 1)[0]) for entry in pruned)
    lost = Counter(int(entry.split(b";", 1)[0]) for entry in dead)
    queued, in_flight, done = by_depth["queued"], by_depth["inflight"], by_depth["done"]
    return [
        DepthCounts(
            depth=depth,
            queued=queued.get(depth, 0),
            in_flight=in_flight.get(depth, 0),
            done=done.get(depth, 0),
            pruned=aside[depth],
            dead=lost[depth],
        )
        for depth in sorted({*queued, *in_flight, *done, *aside, *lost})
    ]


def _add_details(
    redis: Redis,
    prefix: str,
    report: FrontierReport,
    levels: list[bytes],
    workers: list[tuple[bytes, float]],
) -> None:
    depths = [int(level) for level in levels]
    names = [name.decode() for name, _ in workers]
    with redis.pipeline(transaction=False) as pipe:
        for depth in depths:
            pipe.zcard(f"{prefix}hosts:{depth}")
            pipe.zrange(f"{prefix}hosts:{depth}", 0, HOSTS_SAMPLED - 1)
        for name in names:
            pipe.hkeys(f"{prefix}lease:{name}")
        answers = pipe.execute()
    of_levels, ids = answers[: 2 * len(depths)], answers[2 * len(depths) :]
    report.hosts_total = sum(of_levels[::2])
    report.workers = [
        Worker(name=name, silent_ms=max(0, report.at_ms - int(beat)), leases=len(held))
        for name, (_, beat), held in zip(names, workers, ids, strict=True)
    ]
    pairs = [(d, host) for d, hosts in zip(depths, of_levels[1::2], strict=True) for host in hosts]
    leases = [(int(i), name) for name, held in zip(names, ids, strict=True) for i in held]
    _add_hosts_and_lease(redis, prefix, report, pairs, min(leases, default=None))


def _add_hosts_and_lease(
    redis: Redis,
    prefix: str,
    report: FrontierReport,
    pairs: list[tuple[int, bytes]],
    oldest: tuple[int, str] | None,
) -> None:
    hosts = [host for _, host in pairs] or [b""]
    with redis.pipeline(transaction=False) as pipe:
        for depth, host in pairs:
            pipe.llen(f"{prefix}queue:{depth}:".encode() + host)
        pipe.hmget(prefix + "delay", hosts)
        pipe.hmget(prefix + "next", hosts)
        pipe.hget(f"{prefix}lease:{oldest[1] if oldest else ''}", str(oldest[0] if oldest else 0))
        *lengths, delays, nexts, entry = pipe.execute()
    if oldest and entry:
        report.oldest_lease = _lease(oldest, entry)
    report.hosts = _longest(
        HostQueue(
            depth=depth,
            host=host.decode("utf-8", "replace"),
            queued=length,
            delay_ms=None if delay is None else int(float(delay)),
            free_in_ms=max(0, int(float(free_at or 0)) - report.at_ms),
        )
        for (depth, host), length, delay, free_at in zip(
            pairs, lengths, delays[: len(pairs)], nexts[: len(pairs)], strict=True
        )
    )


def _longest(rows: Iterable[HostQueue]) -> list[HostQueue]:
    """The longest queues of each level, the shallowest level first."""
    waiting = sorted((r for r in rows if r.queued), key=lambda row: (row.depth, -row.queued))
    levels = groupby(waiting, key=lambda row: row.depth)
    return [row for _, level in levels for row in list(level)[:HOSTS_SHOWN]]


def _lease(oldest: tuple[int, str], entry: bytes) -> OldestLease:
    depth, host, _history, _path, body = entry.split(b";", 4)
    return OldestLease(
        id=str(oldest[0]),
        worker=oldest[1],
        depth=int(depth),
        host=host.decode("utf-8", "replace"),
        url=url_of(body),
    )

"""What a crawl's frontier in Redis holds, read in one round trip whatever its size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, cast

from crawlers.frontier.lua import script
from crawlers.frontier.report import (
    BUDGETS,
    COUNTERS,
    HOSTS_SAMPLED,
    HOSTS_SHOWN,
    LEVELS_READ,
    WORKERS_SHOWN,
    DepthCounts,
    FrontierReport,
    HostCounts,
    OldestLease,
    Worker,
    summed,
    url_of,
)
from crawlers.frontier.speed import changed_speed
from gleanery.errors import FrontierGoneError

if TYPE_CHECKING:
    from redis import Redis

_SCRIPT = script("report")
_BY_DEPTH = ("queued", "in_flight", "done", "pruned", "dead")


def read_report(redis: Redis, crawl: str, prefix: str) -> FrontierReport:
    """Read the report of ``crawl``.

    Raises:
        FrontierGoneError: There is no such crawl.
        redis.RedisError: Redis is away.
    """
    limits = [LEVELS_READ, HOSTS_SAMPLED, HOSTS_SHOWN, WORKERS_SHOWN]
    answer = cast("bytes", redis.register_script(_SCRIPT)(keys=[prefix], args=limits))
    raw: dict[str, Any] = json.loads(answer.decode("utf-8", "replace"))
    meta: dict[str, str] = raw["meta"]
    if "generation" not in meta:
        raise FrontierGoneError(f"There is no crawl {crawl!r} in Redis (그런 수집이 없습니다)")
    now, depths = int(raw["now"]), _depths(raw)
    return FrontierReport(
        crawl=crawl,
        at_ms=now,
        state=meta.get("state", "running"),
        **summed(depths),
        counters={name: int(meta.get(name, 0)) for name in COUNTERS},
        budgets={name: int(meta[name]) for name in BUDGETS if int(meta.get(name, 0)) > 0},
        speed=changed_speed(meta),
        pruned_nodes=raw["pruned_nodes"],
        depths=depths,
        hosts=[_host(*row, now=now) for row in raw["hosts"]],
        queues_total=raw["queues_total"],
        workers=[
            Worker(name=name, silent_ms=max(0, now - int(float(beat))), leases=leases)
            for name, beat, leases in raw["workers"]
        ],
        oldest_lease=_lease(*raw["oldest"], now=now) if "oldest" in raw else None,
    )


def _depths(raw: dict[str, Any]) -> list[DepthCounts]:
    numbers = {name: {int(d): int(n) for d, n in raw[name].items()} for name in _BY_DEPTH}
    return [
        DepthCounts(depth=depth, **{name: numbers[name].get(depth, 0) for name in _BY_DEPTH})
        for depth in sorted(set().union(*numbers.values()))
    ]


def _host(name: str, queued: int, *numbers: str | Literal[False], now: int) -> HostCounts:
    """Read a row of the script; what is not set is ``False`` there."""
    in_flight, done, pruned, dead, delay, free_at = (int(float(n or 0)) for n in numbers)
    return HostCounts(
        host=name,
        queued=queued,
        in_flight=in_flight,
        done=done,
        pruned=pruned,
        dead=dead,
        delay_ms=None if numbers[4] is False else delay,
        free_in_ms=max(0, free_at - now),
    )


def _lease(lease_id: str, worker: str, entry: str, *, now: int) -> OldestLease:
    at, depth, host, _history, _path, body = entry.split(";", 5)
    return OldestLease(
        id=lease_id,
        worker=worker,
        age_ms=max(0, now - int(at)),
        depth=int(depth),
        host=host,
        url=url_of(body.encode()),
    )

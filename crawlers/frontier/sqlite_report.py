"""What a crawl's frontier in a file holds; reads what an index leads to, whatever its size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawlers.frontier.control import CrawlRow
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
    import sqlite3
    from collections.abc import Iterable

_COUNTED = """
SELECT asked.value AS host, coalesce(in_flight, 0) AS in_flight, coalesce(done, 0) AS done,
    coalesce(pruned, 0) AS pruned, coalesce(dead, 0) AS dead, delay_ms,
    max(0, coalesce(next_at, 0) - ?) AS free_in_ms,
    (SELECT coalesce(sum(w.queued), 0) FROM waiting w
        WHERE w.host = asked.value AND w.depth IN ({})) AS queued
FROM json_each(?) AS asked LEFT JOIN hosts ON hosts.host = asked.value
ORDER BY asked.key
"""


def read_report(
    db: sqlite3.Connection, crawl: str, now: int, *, hosts: bool = True
) -> FrontierReport:
    """Read the report of ``crawl``, within a transaction of the caller, at ``now`` (ms).

    Raises:
        FrontierGoneError: The file holds none.
    """
    meta, depths = _meta(db, crawl), _depths(db)
    levels = [row.depth for row in depths if row.queued][:LEVELS_READ]
    queues = sum(
        db.execute("SELECT count(*) FROM waiting WHERE depth = ?", (depth,)).fetchone()[0]
        for depth in levels
    )
    (nodes,) = db.execute("SELECT count(*) FROM pruned").fetchone()
    return FrontierReport(
        crawl=crawl,
        at_ms=now,
        state=str(meta.get("state", "running")),
        **summed(depths),
        counters={name: meta.get(name, 0) for name in COUNTERS},
        budgets={name: meta[name] for name in BUDGETS if meta.get(name)},
        speed=changed_speed(meta),
        pruned_nodes=nodes,
        depths=depths,
        hosts=_hosts(db, levels, now) if hosts else [],
        queues_total=queues,
        workers=_workers(db, now),
        oldest_lease=_oldest(db, now),
    )


def read_row(db: sqlite3.Connection, crawl: str) -> CrawlRow:
    """Read the line of ``crawl`` in a list of crawls; raises as :func:`read_report`."""
    meta, totals = _meta(db, crawl), summed(_depths(db))
    (workers,) = db.execute("SELECT count(*) FROM workers WHERE beat_at IS NOT NULL").fetchone()
    counted = {name: totals[name] for name in ("queued", "in_flight", "done", "dead")}
    return CrawlRow(
        crawl=crawl, state=str(meta.get("state", "running")), workers=workers, **counted
    )


def _meta(db: sqlite3.Connection, crawl: str) -> dict[str, Any]:
    meta = dict(db.execute("SELECT name, value FROM meta"))
    if "generation" not in meta:
        raise FrontierGoneError(f"There is no crawl {crawl!r} (그런 수집이 없습니다)")
    return meta


def _depths(db: sqlite3.Connection) -> list[DepthCounts]:
    names = ("depth", "queued", "in_flight", "done", "pruned", "dead")
    rows = db.execute(f"SELECT {', '.join(names)} FROM levels ORDER BY depth")  # noqa: S608
    return [DepthCounts(**dict(zip(names, row, strict=True))) for row in rows]


def _hosts(db: sqlite3.Connection, levels: list[int], now: int) -> list[HostCounts]:
    """Count those that may be asked soonest, and some with requests under way or set aside."""
    soonest: dict[str, None] = {}
    for depth in levels:
        found = db.execute(
            "SELECT host FROM waiting WHERE depth = ? ORDER BY free_at LIMIT ?",
            (depth, HOSTS_SAMPLED),
        )
        soonest |= dict.fromkeys(host for (host,) in found)
    counted = _counted(db, soonest, levels, now)
    shown = sorted(counted, key=lambda row: -row.queued)[:HOSTS_SHOWN]
    others: dict[str, None] = {}
    for rows in (
        "requests WHERE lease IS NOT NULL",
        "set_aside WHERE why = 'dead'",
        "set_aside WHERE why = 'pruned'",
    ):
        found = db.execute(f"SELECT host FROM {rows} LIMIT ?", (HOSTS_SAMPLED,))  # noqa: S608
        others |= dict.fromkeys(host for (host,) in found)
    names = {row.host for row in shown}
    return shown + _counted(db, [h for h in others if h not in names], levels, now)


def _counted(
    db: sqlite3.Connection, hosts: Iterable[str], levels: list[int], now: int
) -> list[HostCounts]:
    """Count hosts, in their order, in one statement: there may be hundreds."""
    query = _COUNTED.format(", ".join("?" * len(levels)))
    rows = db.execute(query, (now, *levels, json.dumps([*hosts])))
    names = [column[0] for column in rows.description]
    return [HostCounts(**dict(zip(names, row, strict=True))) for row in rows]


def _workers(db: sqlite3.Connection, now: int) -> list[Worker]:
    rows = db.execute(
        "SELECT worker, beat_at, (SELECT count(*) FROM requests r"
        " WHERE r.worker = w.worker AND lease IS NOT NULL)"
        " FROM workers w WHERE beat_at IS NOT NULL ORDER BY beat_at LIMIT ?",
        (WORKERS_SHOWN,),
    )
    return [
        Worker(name=name, silent_ms=max(0, now - beat), leases=leases)
        for name, beat, leases in rows
    ]


def _oldest(db: sqlite3.Connection, now: int) -> OldestLease | None:
    row = db.execute(
        "SELECT lease, worker, leased_at, depth, host, body FROM requests"
        " WHERE lease IS NOT NULL ORDER BY lease LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    lease, worker, at, depth, host, body = row
    return OldestLease(
        id=str(lease),
        worker=worker,
        age_ms=max(0, now - at),
        depth=depth,
        host=host,
        url=url_of(body),
    )

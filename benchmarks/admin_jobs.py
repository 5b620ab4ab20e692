"""What ``benchmarks.admin`` puts beside the store: jobs, crawls, work, the audit, logs."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from benchmarks.admin_items import SEEDED, root_of
from benchmarks.frontier_files import fill_crawls
from storage.jobs import Node, Schedule, Schedules, open_jobs
from storage.ledger import open_ledger
from storage.office.tables import TABLES, audit
from storage.work import Rules, open_queue

if TYPE_CHECKING:
    from pathlib import Path

RUNNING, QUEUED, NODES, SCHEDULED = 20, 50, 5, 20
CRAWLS, REQUESTS, DEPTHS = 50, 20_000, 5
"""Crawls whose queue is kept, and the size of one."""
BATCH = 5000
SPIDERS = ("google", "reddit", "youtube")
LINE = (
    "2026-11-25 10:00:00 [scrapy.core.scraper] DEBUG: "
    "Scraped from <200 https://site.example/{}> an item"
)
"""Of a log."""
ENDS = (
    ("finished", "finished"), ("finished", "closespider_itemcount"), ("failed", "exit code 1"),
    ("cancelled", "cancelled"), ("lost", "no sign of life"),
)  # fmt: skip
WEIGHTS = (70, 20, 6, 3.9, 0.1)
STATS = {
    "response_received_count": 400, "item_scraped_count": 310, "log_count/ERROR": 2,
    "log_count/INFO": 120, "elapsed_time_seconds": 612.5, "focus/wanted": 200,
    "focus/off_topic": 100, "frontier/crawl": "google-000000000001",
} | {f"downloader/response_status_count/{200 + n}": n for n in range(50)}  # fmt: skip
_GET = {"STORE": "sqlite"}.get


def name_of(number: int) -> str:
    """Return the name of the job ``number``; the last ones run, those before them wait."""
    return f"job-{number:07}"


def node_of(number: int) -> str:
    """Return the node of the job ``number``."""
    return f"node-{number % NODES}"


def fill(home: Path, jobs: int, work: int) -> None:
    """Fill the files of ``home``, but for the store: ``jobs`` jobs, ``work`` items to work on."""
    _jobs(home, jobs)
    _audit(home, jobs)
    _work(home, work)
    (home / "frontier").mkdir()
    files = [home / "frontier" / f"google-{n:012x}.db" for n in range(CRAWLS)]
    asyncio.run(fill_crawls(files, requests=REQUESTS, depths=DEPTHS))
    _logs(home, range(jobs - RUNNING, jobs))


def _jobs(home: Path, total: int) -> None:
    ledger = open_jobs(_GET, home)
    for first in range(0, total, BATCH):
        rows = [_job(n, total) for n in range(first, min(first + BATCH, total))]
        events = [
            {"job": row["job"], "at": row["created_at"], "event": event, "detail": ""}
            for row in rows
            for event in ("queued", "started", row["state"])
        ]
        ledger.transact(
            lambda db, rows=rows, events=events: (  # type: ignore[misc]
                db.execute(insert(ledger.tables.jobs), rows),
                db.execute(insert(ledger.tables.events), events),
            )
        )
    for number in range(SCHEDULED):
        given = {"name": f"schedule-{number}", "spider": "reddit", "cron": "0 3 * * *"}
        Schedules(ledger).add(Schedule(**given, arguments={"subreddit": f"s{number}"}))
    beat_nodes(ledger, total)
    ledger.close()


def beat_nodes(ledger: Any, total: int) -> None:
    """Say for each node what it runs."""
    numbers = range(total - RUNNING, total)
    for node in range(NODES):
        running = [name_of(n) for n in numbers if n % NODES == node]
        told = {"name": node_of(node), "slots": 4, "draining": False, "running": running}
        ledger.report(Node(heartbeat_at="", **told))


def _job(number: int, total: int) -> dict[str, Any]:
    rng = random.Random(number)
    begun = datetime.now(UTC) - timedelta(minutes=total - number)
    row: dict[str, Any] = {
        "job": name_of(number), "project": "default", "spider": SPIDERS[number % 3],
        "priority": 0.0, "arguments": json.dumps({"subreddit": f"s{rng.randrange(SEEDED)}"}),
        "settings": json.dumps({"CLOSESPIDER_ITEMCOUNT": "1000", "LOG_LEVEL": "INFO"}),
        "version": "1.0.0", "parent": name_of(number - 1) if number % 50 == 1 else None,
        "attempt": 1, "node": node_of(number), "pid": 1, "cancel": False, "progress": 710,
        "created_at": begun.isoformat(timespec="milliseconds"), "stats": json.dumps(STATS),
    }  # fmt: skip
    times = dict.fromkeys(("started_at", "heartbeat_at", "progress_at"), row["created_at"])
    blank = {"reason": None, "exit_code": None, "signal": None, "ended_at": None}
    if number >= total - RUNNING:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return row | blank | dict.fromkeys(times, now) | {"state": "running"}
    if number >= total - RUNNING - QUEUED:
        gone = dict.fromkeys((*times, "node", "pid", "version"))
        return row | blank | gone | {"state": "queued", "attempt": 0, "stats": "{}"}
    state, reason = rng.choices(ENDS, WEIGHTS)[0]
    ended = (begun + timedelta(seconds=612)).isoformat(timespec="milliseconds")
    return row | blank | times | {"state": state, "reason": reason, "ended_at": ended}


def _audit(home: Path, total: int) -> None:
    ledger = open_ledger(_GET, home / "admin.db", TABLES)
    rows = [
        {
            "at": number, "user": f"user-{number % 20}", "address": "127.0.0.1",
            "action": "job.retry" if number % 3 else "job.start", "subject": name_of(number),
            "before": "null", "after": json.dumps({"job": name_of(number)}), "outcome": "done",
        }
        for number in range(total)
    ]  # fmt: skip
    ledger.transact(lambda db: db.execute(insert(audit), rows))
    ledger.close()


def _work(home: Path, total: int) -> None:
    with open_queue("", home, Rules(max_attempts=1)) as queue:
        path = queue.path  # type: ignore[attr-defined]
        for number in range(200):
            queue.put(f"failed:{number}", ["download", "split"])
        for job in queue.lease("worker", 200):
            queue.fail(job.held, "worker", "HTTP 404")
        queue.leave("worker")
    states = ("done", "done", "done", "queued")
    rows = [(root_of(4 * n), states[n % 4], n, n) for n in range(total)]
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO jobs (identity, state, at, number, left, payload)"
            " VALUES (?, ?, ?, ?, 'download', '{}')",
            rows,
        )


def _logs(home: Path, numbers: range) -> None:
    """Write logs longer than what is looked through of one."""
    lines = [LINE.format(n) for n in range(90_000)]
    lines[::1000] = ["2026-11-25 10:00:00 [spiders.base] ERROR: it failed"] * len(lines[::1000])
    text = "\n".join(lines) + "\n"
    for number in numbers:
        path = log_file(home, name_of(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def log_file(home: Path, job: str) -> Path:
    """Return where the log of a job is."""
    spider = SPIDERS[int(job.rpartition("-")[2]) % 3]
    return home / "scrapyd" / "logs" / "default" / spider / f"{job}.log"

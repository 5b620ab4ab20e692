"""What a scrape of the exporter costs where much has been kept.

``python -m benchmarks.scrape [--json] [--quick]``: 100,000 jobs, 20 of them running with 50 stats
each, and 50 crawls of 20,000 requests in ten depths, all in files of one ``HOME``; each round waits
until the sources are read anew, and asks for all numbers. Half a minute; ``--quick``: a tenth.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from benchmarks.frontier_files import fill_crawls
from benchmarks.goals import Goal, show
from gleanery.config import Config
from monitoring.exporter import exporter_registry
from storage import open_store
from storage.jobs import open_jobs
from storage.jobs.job import instant

SHARE = 10 if "--quick" in sys.argv else 1
JOBS, RUNNING = 100_000 // SHARE, 20
CRAWLS, REQUESTS, DEPTHS = 50 // SHARE, 20_000, 10
ROUNDS = 4
EVERY_SECONDS = 5.2
"""A source is read once in 5 s, however many ask."""


def fill_jobs(home: Path) -> None:
    """Put jobs into the ledger; the last ones run."""
    stats = {f"downloader/response_status_count/{200 + n}": n for n in range(50)}
    now, ledger = instant(), open_jobs({"STORE": "sqlite"}.get, home)
    rows = [
        {
            "job": f"job-{n}", "project": "default", "spider": f"spider{n % 3}", "priority": 0.0,
            "arguments": "{}", "settings": "{}", "attempt": 1, "cancel": False, "progress": n,
            "node": f"node-{n % 5}", "created_at": now, "started_at": now, "heartbeat_at": now,
            "state": "running" if n >= JOBS - RUNNING else "finished", "stats": json.dumps(stats),
        }
        for n in range(JOBS)
    ]  # fmt: skip
    ledger.transact(lambda db: db.execute(insert(ledger.tables.jobs), rows))
    ledger.close()


def main() -> None:
    """Fill, ask, and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        open_store("sqlite", home / "gleanery.db").close()
        fill_jobs(home)
        (home / "frontier").mkdir()
        files = [home / "frontier" / f"crawl-{n}.db" for n in range(CRAWLS)]
        asyncio.run(fill_crawls(files, requests=REQUESTS, depths=DEPTHS))
        registry = exporter_registry(Config(home=home))
        generate_latest(registry)  # it opens what it reads
        walls, cpus = [], []
        for _ in range(ROUNDS):
            time.sleep(EVERY_SECONDS)
            wall, cpu = time.perf_counter(), time.process_time()
            text = generate_latest(registry)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    families = [*text_string_to_metric_families(text.decode())]
    slow = {s.labels["source"]: s.value for f in families
            if f.name == "gleanery_source_seconds" for s in f.samples}  # fmt: skip
    goals = [
        Goal("a scrape, median seconds (Prometheus waits 10)", median(walls), "<= 5"),
        Goal("a scrape, median seconds of CPU", median(cpus)),
        Goal("series", sum(len(f.samples) for f in families)),
        Goal("bytes", len(text)),
        Goal("bytes, gzipped", len(gzip.compress(text))),
        Goal("load of the machine", os.getloadavg()[0]),
    ]
    show([*goals, *(Goal(f"source {name}, seconds", slow[name]) for name in sorted(slow))])


if __name__ == "__main__":
    main()

"""Who watches jobs, and jobs that get on: processes of their own of ``benchmarks.admin``.

``watch`` opens streams of jobs and prints the delays as JSON; ``beat`` writes what crawls would.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from pathlib import Path

import httpx2

from benchmarks.admin_jobs import (
    CRAWLS,
    LINE,
    RUNNING,
    STATS,
    beat_nodes,
    log_file,
    name_of,
    node_of,
)
from crawlers.job_pulse import BEAT_SECONDS
from storage.jobs import JobLedger, open_jobs

EVENT = "item_scraped_count"
"""Stat that says here when something happened in a crawl, milliseconds since 1970."""
LINES = 5
"""Of a log, with each heartbeat."""
_EVENT = re.compile(r">(\d{13})<")


def beat(home: Path, jobs: int) -> None:
    """Write a heartbeat a second for each job that runs, and lines of its log, until killed.

    Something has happened in each since its last one, at any time between the two.
    """
    ledger = open_jobs({"STORE": "sqlite"}.get, home)
    rng, numbers = random.Random(0), range(jobs - RUNNING, jobs)
    names = [name_of(number) for number in numbers]
    for number in numbers:
        ledger.take(name_of(number), node_of(number))  # if it was lost since an earlier run
        _beat(ledger, name_of(number), 0, time.time())
    beat_nodes(ledger, jobs)
    print("beats", flush=True)
    due = {name: time.time() + n * BEAT_SECONDS / RUNNING for n, name in enumerate(names)}
    noted, progress = 0.0, 10_000
    while True:
        name = min(due, key=lambda each: due[each])
        time.sleep(max(0.0, due[name] - time.time()))
        happened = time.time() - rng.random() * BEAT_SECONDS
        _beat(ledger, name, progress, happened)
        with log_file(home, name).open("a", encoding="utf-8") as log:
            log.writelines(f"{LINE.format(n)}\n" for n in range(LINES))
        due[name] = max(due[name] + BEAT_SECONDS, time.time())
        progress += 1
        if time.time() > noted + 2:  # as nodes do, else the jobs would be lost
            beat_nodes(ledger, jobs)
            noted = time.time()


def _beat(ledger: JobLedger, name: str, progress: int, happened: float) -> None:
    crawl = f"google-{int(name[-2:]) % CRAWLS:012x}"
    stats = STATS | {EVENT: int(1000 * happened), "frontier/crawl": crawl}
    ledger.beat(name, pid=1, progress=progress, stats=stats)


async def watch(url: str, token: str, seconds: float, jobs: list[str]) -> list[float]:
    """Return the seconds from each event to its being received, over all who watch."""
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(
        base_url=url, headers=headers, timeout=30, limits=limits
    ) as client:
        delays: list[float] = []
        viewers = [_view(client, job, delays) for job in jobs]
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*viewers)
        except TimeoutError:
            return delays
    raise SystemExit("a stream has ended")


async def _view(client: httpx2.AsyncClient, job: str, delays: list[float]) -> None:
    last = ""
    async with client.stream("GET", "/job/live", params={"name": job}) as answer:
        answer.raise_for_status()
        first, told = True, False
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                told = line == "event: facts"
            found = _EVENT.search(line) if told else None
            if found is None or found[1] == last:
                continue
            if not first:  # what had happened before we came is no news
                delays.append(time.time() - int(found[1]) / 1000)
            first, last = False, found[1]


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "beat":
        beat(Path(given[0]), int(given[1]))
    else:
        address, secret, duration, *watched = given
        print(json.dumps(asyncio.run(watch(address, secret, float(duration), watched))))

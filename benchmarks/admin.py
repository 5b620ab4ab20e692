"""The admin page under load: ``python -m benchmarks.admin [--json]``.

``--items N`` (default 1,000,000) items and ``--jobs N`` (default 100,000) jobs in the embedded
stores, made here in some minutes, kept in ``--home FOLDER`` if one is named. Every page and every
address that gives JSON is asked ``--asked N`` (default 40) times for each kind of question, each a
different one where that can be, while 20 jobs run; a
figure is the 95th percentile of the time until the answer was whole, as a client on this machine
sees it. Then 50 people watch the 20 jobs from another process: the delay from what happens in a
crawl, which its next heartbeat tells, to its being received; and the page's share of a core.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import admin_items, admin_jobs
from benchmarks.admin_jobs import RUNNING, name_of
from benchmarks.admin_pages import World, slow, timed, weights
from benchmarks.catalogue import option
from benchmarks.goals import Goal, show
from media.store import open_media
from storage import open_store
from tests.admin_site import AdminSite, admin_site, password

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

VIEWERS, SECONDS = 50, 30
WORK = 100_000
"""Items of the work queue, at most a tenth of all."""
MEDIA = "media.json"
"""Keys of the pictures, beside what was filled."""


def filled(home: Path, items: int, jobs: int) -> float:
    """Fill ``home``, if nobody did; return the seconds that it took."""
    began = time.perf_counter()
    (home / "admin.db").unlink(missing_ok=True)  # an earlier run's users
    if (home / MEDIA).exists():
        return 0.0
    media = open_media(str(home / "media"))
    with open_store("sqlite", home / "gleanery.db") as store:
        keys = admin_items.fill(store, media, items)
    admin_jobs.fill(home, jobs, min(WORK, items // 10))
    (home / MEDIA).write_text(json.dumps(keys), encoding="utf-8")
    return time.perf_counter() - began


@contextmanager
def beating(home: Path, jobs: int) -> Iterator[None]:
    """Let jobs run meanwhile."""
    command = [sys.executable, "-m", "benchmarks.admin_live", "beat", str(home), str(jobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            process.stdout.readline()  # before the page looks for lost jobs
            yield
        finally:
            process.kill()


def pages(client: httpx2.Client, world: World) -> list[Goal]:
    """Return the time and the weight of every page."""
    times = timed(client, world, int(option("--asked", "40")))
    weight = weights(client, world)
    heaviest = max(weight, key=lambda name: weight[name])
    return [
        *(Goal(f"{name}: p95 ms", slow(took), "<= 100") for name, took in times.items()),
        Goal(
            f"heaviest page with all it loads, KiB: {heaviest}", weight[heaviest] / 1024, "<= 250"
        ),
    ]


def live(site: AdminSite, token: str, jobs: int) -> list[Goal]:
    """Let people watch; return how late they see what happens, and what it costs the page."""
    names = [name_of(jobs - 1 - n % RUNNING) for n in range(VIEWERS)]
    command = [sys.executable, "-m", "benchmarks.admin_live", "watch", site.url, token]
    given = [*command, str(SECONDS), *names]
    with subprocess.Popen(given, stdout=subprocess.PIPE) as process:
        time.sleep(SECONDS / 4)  # until all are there
        before, began = _cpu_seconds(site.pid), time.perf_counter()
        time.sleep(SECONDS / 2)
        share = (_cpu_seconds(site.pid) - before) / (time.perf_counter() - began)
        delays = json.loads(process.communicate()[0])
    least = 0.8 * VIEWERS * SECONDS
    return [
        Goal(f"{VIEWERS} viewers, {RUNNING} jobs: updates received", len(delays), f">= {least:g}"),
        Goal("  from event to viewer, p95 seconds", slow(delays), "<= 1.5"),
        Goal("  from event to viewer, the longest, seconds", max(delays)),
        Goal("  CPU of the admin page, % of a core", 100 * share, "<= 20"),
    ]


def _cpu_seconds(pid: int) -> float:
    """Return user and system time of a process (proc(5), fields 14 and 15 of ``stat``)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Fill, serve, ask, watch."""
    items, jobs = int(option("--items", "1000000")), int(option("--jobs", "100000"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(option("--home", folder))
        took = filled(home, items, jobs)
        keys = json.loads((home / MEDIA).read_text(encoding="utf-8"))
        with beating(home, jobs), admin_site(home) as site:
            client = site.client("admin")
            given = {"user": "admin", "password": password("admin")}
            token = client.post("/api/login", json=given).json()["token"]
            csrf = {"X-CSRF-Token": client.get("/api/me").json()["csrf"]}
            run = client.post("/api/stores/replay", headers=csrf).json()["run"]
            goals = pages(client, World(items=items, jobs=jobs, run=run, pictures=keys))
            goals += live(site, token, jobs)
    show([Goal(f"{items:,} items, {jobs:,} jobs: filled in seconds", took, "<= 300"), *goals])


if __name__ == "__main__":
    main()

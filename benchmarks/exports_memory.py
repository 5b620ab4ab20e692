"""Memory of an export of a million items beside that of a quarter of them.

A store of 250,000 posts and one of 1,000,000 (``--items N`` for others, a quarter and all) are
exported, each by a process of its own, whose greatest resident set is told: it must not follow the
number of items. Every hundredth post has been saved as a crawl saves it, the others are its copies
under names of their own; one thread in ten belongs to a group. Takes about three minutes;
``--formats jsonl,parquet,webdataset`` for all formats, about eight.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

from benchmarks.exports import BATCH, a_post
from benchmarks.goals import Goal, show
from benchmarks.near_filling import say
from exports import ExportPlan, export
from quality import NearIndex
from storage import open_store

ALL, SHARE = 1_000_000, 100
_COPY = """
INSERT INTO items (id, identity, {columns}, body)
SELECT id + :shift, identity || '_' || :shift, {columns},
       json_set(body, '$.identity', identity || '_' || :shift,
                '$.external_id', (body ->> '$.external_id') || '_' || :shift)
FROM items WHERE id <= :first
"""


def option(name: str, default: str) -> str:
    """Return the value of ``--name``."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def fill(folder: Path, count: int) -> None:
    """Bring the store to ``count`` posts."""
    first = count // SHARE
    with open_store("sqlite", folder / "s.db") as store:
        for start in range(0, first, BATCH):
            store.save([a_post(n) for n in range(start, min(start + BATCH, first))])
    with closing(sqlite3.connect(folder / "s.db", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        known = [row[1] for row in db.execute("PRAGMA table_info (items)")]
        columns = ", ".join(name for name in known if name not in {"id", "identity", "body"})
        for number in range(1, SHARE):
            values = {"shift": number * first, "first": first}
            db.execute(_COPY.format(columns=columns), values)
    with NearIndex(folder / "n.db") as index:
        names = [f"reddit:t3_{n}" for n in range(first)]
        pairs = ((name, f"{name}_{n * first}") for n in range(1, SHARE // 10) for name in names)
        index.join(pairs)


def exported(folder: Path, out: Path, format_: str) -> tuple[int, float]:
    """Export all; return how many items, and the most MiB that this process has held."""
    plan = ExportPlan(category="food", min_quality=0.0, format=format_)
    with open_store("sqlite", folder / "s.db") as store, NearIndex(folder / "n.db") as index:
        items = sum(export(plan, store, out, index=index).items.values())
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return items, int(line.split()[1]) / 1024


def peak(folder: Path, out: Path, format_: str, count: int) -> float:
    """Return what :func:`exported` tells of a new process; all items must be in the export."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        items, mib = pool.submit(exported, folder, out, format_).result()
    if items != count:
        sys.exit(f"{items:,} of {count:,} items were exported")
    return mib


def main() -> None:
    """Measure and print."""
    count, formats = int(option("--items", str(ALL))), option("--formats", "jsonl")
    began, goals, before = time.monotonic(), list[Goal](), dict[str, float]()
    for size in (count // 4, count):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fill(folder, size)
            say(f"{size:,} items stored", began)
            for format_ in formats.split(","):
                mib = peak(folder, folder / format_, format_, size)
                say(f"{size:,} items as {format_}: {mib:.0f} MiB", began)
                goals.append(Goal(f"{format_} of {size:,} items: greatest MiB", mib))
                before.setdefault(format_, mib)
                if size == count:
                    grown = mib - before[format_]
                    goals.append(Goal(f"{format_}: MiB that four times take more", grown, "<= 32"))
    show(goals)


if __name__ == "__main__":
    main()

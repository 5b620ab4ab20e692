"""The store step through the real pipeline: ``python -m benchmarks.storage [--json]``.

Items are posts and comments of a few sentences, Korean and English, from a vocabulary of 20,000
words; each is new. A figure is the best of three rounds on a store that keeps what the rounds
before left. MariaDB and the server that speaks MongoDB's protocol (``secantusdb``, in Python) are
started here; what their processes and this one take of the processor is told by item.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.utils.test import get_crawler

from benchmarks.goals import Goal, show
from items import Comment, Item, Post
from pipelines.store import StorePipeline
from storage import StoreOptions, open_store
from tests.store_servers import prepare_mariadb, running_mariadb, running_mongodb

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = 3000
"""In one round."""
ROUNDS = 3
BOTH = "MariaDB + MongoDB's double together"
IN_FLIGHT = 400
"""Items that wait for the store at once: Scrapy's 16 requests with some comments each."""
START = datetime(2026, 1, 1, tzinfo=UTC)


def words(rng: random.Random) -> list[str]:
    """Return 10,000 Korean and 10,000 English words of 2 to 9 letters."""
    syllables = [chr(0xAC00 + 28 * rng.randrange(399) + rng.randrange(28)) for _ in range(600)]
    letters = "etaoinshrdlucmfwypvbgk"
    korean = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(10_000)]
    return korean + ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(10_000)]


def made(number: int, rng: random.Random, vocabulary: list[str]) -> Item:
    """Return the item ``number``: every fourth a post, the others comments under it."""

    def said(length: int) -> str:
        return " ".join(rng.choices(vocabulary, k=length))

    shared = {
        "platform": "reddit",
        "url": f"https://www.reddit.com/comments/{number}",
        "fetched_at": START + timedelta(seconds=number),
        "category": f"category_{number % 19}",
        "classified_at": START,
    }
    if number % 4 == 0:
        return Post(external_id=f"t3_{number}", title=said(8), text=said(30), **shared)
    root = f"reddit:t3_{number - number % 4}"
    return Comment(external_id=f"t1_{number}", text=said(18), root=root, parent=root, **shared)


async def rate(name: str, path: Path, options: StoreOptions, *, first: int, count: int) -> float:
    """Return items a second, from the first one handed in until the last one is stored."""
    rng = random.Random(first)
    vocabulary = words(random.Random(0))
    items = [made(first + n, rng, vocabulary) for n in range(count)]
    settings = {
        "HOME": str(path.parent),
        "SPOOL_MAX_BYTES": 2**30,
        "STORE": name,
        "STORE_PATH": str(path),
        "MYSQL_URL": options.mysql_url,
        "MONGODB_URL": options.mongodb_url,
    }
    pipeline = StorePipeline.from_crawler(get_crawler(settings_dict=settings))
    await pipeline.open_spider()
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(item: Item) -> None:
        async with room:
            await pipeline.process_item(item)

    started = time.perf_counter()
    await asyncio.gather(*map(one, items))
    took = time.perf_counter() - started
    await pipeline.close_spider()
    return count / took


def cpu_seconds(pid: int) -> float:
    """Return what a process has taken of the processor, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def costs(pids: dict[str, int], measured: Callable[[], float]) -> list[tuple[str, float]]:
    """Return what ``measured`` gives, then the microseconds that an item took each process."""
    before = {who: cpu_seconds(pid) for who, pid in pids.items()}
    rate_a_second = measured()
    taken = {who: 1e6 * (cpu_seconds(pid) - before[who]) for who, pid in pids.items()}
    return [("", rate_a_second), *((who, us / (ROUNDS * ITEMS)) for who, us in taken.items())]


def best(name: str, folder: Path, options: StoreOptions) -> float:
    """Return the best of some rounds; all their items must be there afterwards."""
    path = folder / f"{name}.db"
    open_store(name, path, options).init()
    rates = [
        asyncio.run(rate(name, path, options, first=n * ITEMS, count=ITEMS)) for n in range(ROUNDS)
    ]
    with open_store(name, path, options) as store:
        total = store.stats(classified_kinds=[]).total
    if total != ROUNDS * ITEMS:
        raise SystemExit(f"{name}: {total} items instead of {ROUNDS * ITEMS}")
    return max(rates)


def main() -> None:
    """Measure every store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for part in ("m", "mongodb"):
            (folder / part).mkdir()
        prepare_mariadb(folder / "m")
        running = running_mariadb(folder / "m", settings=("--skip-log-bin",))
        mariadb, sql = stack.enter_context(running)
        double, documents = stack.enter_context(running_mongodb(folder / "mongodb"))
        options = StoreOptions(mysql_url=sql, mongodb_url=documents)
        ours = {"ours": os.getpid()}
        servers = ours | {"MariaDB's": mariadb.pid, "the double's": double.pid}
        file = costs(ours, lambda: best("sqlite", folder, options))
        both = costs(servers, lambda: best("mysql+mongodb", folder, options))
    show([*goals("SQLite", ">= 3000", file), *goals(BOTH, ">= 1500", both)])


def goals(name: str, goal: str, found: list[tuple[str, float]]) -> list[Goal]:
    """Return a store's figures, its rate first."""
    (_, items), *taken = found
    more = [Goal(f"{name}: us of the processor an item, {who}", us) for who, us in taken]
    return [Goal(f"{name}, items/s", items, goal), *more]


if __name__ == "__main__":
    main()

"""PyMongo's blocking client in threads, and its async one: ``python -m benchmarks.mongo_client``.

Both save the same kind of batches as the store does, into the same server (``secantusdb``, started
here): look up which items there are, insert the others, ``w:1, j:true``. Three batches are under
way at once, in threads or in tasks of one loop; what is no waiting (rows, BSON) is done where the
batch is. A figure is the best of ``ROUNDS``, which take turns. Told are items a second, what an
item takes our process, and how long the loop, where a crawl has its downloads, at most stood still.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from benchmarks.goals import Goal, show
from benchmarks.tuning import Supply
from storage import StoreOptions
from storage.bookkeeping import folded
from storage.mongodb import schema
from storage.mongodb.database import connect
from tests.store_servers import mongodb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from items import Item

    Batches = list[list[Item]]
    Save = Callable[[StoreOptions, Batches], Awaitable[None]]

BATCHES = 20
"""Of 100 items, in one round."""
ROUNDS = 4
AT_ONCE = 3
TICK_SECONDS = 0.002
Encoded = dict[str, list[RawBSONDocument]]


class Round(NamedTuple):
    """What one round took."""

    rate: float
    """Items a second."""
    microseconds: float
    """Of the processor, in this process, an item."""
    stall: float
    """Milliseconds that the loop stood still at most."""


def encoded(batch: list[Item]) -> Encoded:
    """Return a batch's documents by collection."""
    found: Encoded = {name: [] for name in schema.ITEMS}
    for identity, row in folded(batch).items():
        more = {"path": identity} if row["kind"] == "comment" else {}
        name = schema.COMMENTS if more else schema.DOCUMENTS
        document = {"_id": identity, "revision": 1, **more, "item": row}
        found[name].append(RawBSONDocument(bson.encode(document)))
    return found


def these(documents: list[RawBSONDocument]) -> dict[str, Any]:
    """Return what finds them."""
    return {"_id": {"$in": [document["_id"] for document in documents]}}


async def blocking(options: StoreOptions, batches: Batches) -> None:
    """Save in threads, as stores do."""
    db = connect(options)

    def save(batch: list[Item]) -> None:
        documents = encoded(batch)
        for name, several in documents.items():
            assert not list(db[name].find(these(several), {"revision": 1}))
        for name, several in documents.items():
            db[name].insert_many(several, ordered=False)

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        await asyncio.gather(*(loop.run_in_executor(threads, save, batch) for batch in batches))
    db.client.close()


async def asynchronous(options: StoreOptions, batches: Batches) -> None:
    """Save in tasks."""
    client: AsyncMongoClient[Any] = AsyncMongoClient(options.mongodb_url, w=1, journal=True)
    db, room = client.get_default_database(), asyncio.Semaphore(AT_ONCE)

    async def save(batch: list[Item]) -> None:
        async with room:
            documents = encoded(batch)
            for name, several in documents.items():
                assert not await db[name].find(these(several), {"revision": 1}).to_list()
            for name, several in documents.items():
                await db[name].insert_many(several, ordered=False)

    await asyncio.gather(*map(save, batches))
    await client.close()


async def measured(
    save: Callable[[StoreOptions, Batches], Awaitable[None]],
    options: StoreOptions,
    batches: Batches,
) -> Round:
    """Save ``batches`` while the loop is watched."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            longest = max(longest, time.perf_counter() - before - TICK_SECONDS)

    watching = asyncio.create_task(watch())
    started, cpu = time.perf_counter(), time.process_time()
    await save(options, batches)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    watching.cancel()
    items = sum(map(len, batches))
    return Round(items / took, 1e6 * cpu / items, 1000 * longest)


def main() -> None:
    """Measure both."""
    ways = {"blocking, in threads": blocking, "async": asynchronous}
    found: dict[str, list[Round]] = {name: [] for name in ways}
    supply = Supply()
    with tempfile.TemporaryDirectory() as folder, mongodb(Path(folder)) as url:
        options = StoreOptions(mongodb_url=url)
        db = connect(options)
        schema.make(db, alone=False, raw_keep_days=0)
        db.client.close()
        for _ in range(ROUNDS):
            for name, save in ways.items():
                batches = supply.batches(BATCHES)
                found[name].append(asyncio.run(measured(save, options, batches)))
    show(
        [
            goal
            for name, rounds in found.items()
            for goal in (
                Goal(f"{name}: items/s", max(r.rate for r in rounds)),
                Goal(f"{name}: us of the processor an item", min(r.microseconds for r in rounds)),
                Goal(f"{name}: longest stand of the loop, ms", min(r.stall for r in rounds)),
            )
        ]
    )


if __name__ == "__main__":
    main()

"""What settings of the databases change: ``python -m benchmarks.tuning [PART …] [--json]``.

Parts, each under a minute: ``writers``, ``flush``, ``pool``, ``compression``, ``journal``. Items
are those of ``benchmarks.storage``, in batches of 100; a figure of items a second is the best of
``ROUNDS``, which take turns with what they are compared to. Where sizes count, items are articles
of 600 words with their pages, saved once. MariaDB and the server that speaks MongoDB's protocol
(``secantusdb``, which is no mongod) are started here.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pymongo import WriteConcern

from benchmarks.goals import Goal, show
from benchmarks.storage import made, words
from items import Article
from storage import StoreOptions, open_store
from storage.mongodb.documents import Documents
from storage.mysql import migrate
from storage.mysql.database import Database
from tests.store_servers import emptied, keep, mariadb, mongodb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymongo.asynchronous.database import AsyncDatabase

    from items import Item
    from storage.mongodb.database import Document

BATCH = 100
ROUNDS = 3
VOCABULARY = words(random.Random(0))


class Supply:
    """New items, whoever asks."""

    def __init__(self) -> None:
        self._next = 0

    def batches(self, count: int) -> list[list[Item]]:
        """Return ``count`` batches that nobody has seen."""
        rng = random.Random(self._next)
        first, self._next = self._next, self._next + count * BATCH
        numbers = range(first, self._next)
        items = [made(n, rng, VOCABULARY) for n in numbers]
        return [items[n : n + BATCH] for n in range(0, len(items), BATCH)]


def rate(
    save: Callable[[list[Item]], object], batches: Iterable[list[Item]], writers: int = 2
) -> float:
    """Return items a second that ``writers`` threads save."""
    batches = list(batches)
    started = time.perf_counter()
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(save, batches))
    return sum(map(len, batches)) / (time.perf_counter() - started)


def set_global(options: StoreOptions, name: str, value: object) -> None:
    """Set a variable of MariaDB's while it runs."""
    database = Database(options)
    with database.engine.begin() as db:
        db.exec_driver_sql(f"SET GLOBAL {name} = {value}")
    database.close()


def writers(options: StoreOptions) -> list[Goal]:
    """One to four batches under way, with as many connections."""
    supply, best = Supply(), dict.fromkeys((1, 2, 3, 4), 0.0)
    emptied("mysql+mongodb", Path(), options).init()
    for _ in range(ROUNDS):
        for number in best:
            with open_store("mysql+mongodb", "", replace(options, store_pool_size=number)) as store:
                found = rate(store.save, supply.batches(8), number)
            best[number] = max(best[number], found)
    return [Goal(f"both servers, {n} writers: items/s", value) for n, value in best.items()]


def flush(options: StoreOptions) -> list[Goal]:
    """Flush at each commit, or each second; batches of 100, and single items."""
    supply, best = Supply(), {}
    emptied("mysql", Path(), options).init()
    with open_store("mysql", "", options) as store:
        for _ in range(ROUNDS):
            for value in (1, 2):
                set_global(options, "innodb_flush_log_at_trx_commit", value)
                whole = rate(store.save, supply.batches(8))
                single = rate(store.save, [[i] for b in supply.batches(2) for i in b])
                for size, found in (("batches of 100", whole), ("single items", single)):
                    name = f"innodb_flush_log_at_trx_commit={value}, {size}: items/s"
                    best[name] = max(best.get(name, 0.0), found)
    set_global(options, "innodb_flush_log_at_trx_commit", 1)
    return [Goal(name, value) for name, value in sorted(best.items())]


def pool(options: StoreOptions) -> list[Goal]:
    """A buffer pool that is smaller than the tables, and one that holds them."""
    emptied("mysql", Path(), options).init()
    rng, goals = random.Random(1), []
    with open_store("mysql", "", options) as store:
        rows = pages(2000)
        rate(store.save, [rows[n : n + BATCH] for n in range(0, len(rows), BATCH)])
        for mebibytes in (8, 256):
            set_global(options, "innodb_buffer_pool_size", mebibytes * 2**20)
            time.sleep(1)  # it is resized while it works
            asked = [rng.choice(rows).identity for _ in range(3000)]
            for identity in asked[:1000]:  # warm
                store.find(identity)
            started = time.perf_counter()
            for identity in asked[1000:]:
                store.find(identity)
            found = (len(asked) - 1000) / (time.perf_counter() - started)
            goals.append(Goal(f"buffer pool {mebibytes} MiB: items found/s", found))
    goals.append(Goal("size of those tables, MiB", size_of(options) / 2**20))
    return goals


SHAPES = {
    "as it is (DYNAMIC)": "ROW_FORMAT=DYNAMIC PAGE_COMPRESSED=0",
    "ROW_FORMAT=COMPRESSED": "ROW_FORMAT=COMPRESSED PAGE_COMPRESSED=0",
    "PAGE_COMPRESSED=1 (zlib)": "ROW_FORMAT=DYNAMIC PAGE_COMPRESSED=1",
}


def compression(options: StoreOptions) -> list[Goal]:
    """The table of documents in three forms: size on disk, and speed of saving."""
    goals = []
    for name, shape in SHAPES.items():
        database = Database(options)
        migrate.downgrade(database, "base")  # emptied tables would keep their index of old words
        migrate.upgrade(database)
        with database.engine.begin() as db:
            db.exec_driver_sql(f"ALTER TABLE documents {shape}")
        with open_store("mysql", "", options) as store:
            rows = pages(1000)
            found = rate(store.save, [rows[n : n + BATCH] for n in range(0, len(rows), BATCH)])
        with database.engine.begin() as db:
            db.exec_driver_sql("FLUSH TABLES documents FOR EXPORT")
            db.exec_driver_sql("UNLOCK TABLES")
        database.close()
        goals += [
            Goal(f"documents {name}: items/s", found),
            Goal(f"documents {name}: MiB on disk", size_of(options, "documents") / 2**20),
        ]
    return goals


def pages(count: int) -> list[Item]:
    """Return articles of 600 words, with a page as fetched."""
    rng = random.Random(2)
    return [
        Article(
            platform="web",
            external_id=f"https://example.org/{number}",
            url=f"https://example.org/{number}",
            text=(said := " ".join(rng.choices(VOCABULARY, k=600))),
            raw_html=gzip.compress(f"<html><p>{said}</p></html>".encode()),
        )
        for number in range(count)
    ]


def size_of(options: StoreOptions, table: str = "%") -> int:
    """Return bytes that tables take on disk, holes left out."""
    database = Database(options)
    with database.engine.connect() as db:
        found = db.exec_driver_sql(
            "SELECT sum(ALLOCATED_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES"
            " WHERE NAME LIKE %s",
            (f"{database.engine.url.database}/{table}",),
        ).scalar_one()
    database.close()
    return int(found)


class Concerned(Documents):
    """Documents that are written with a concern of their own."""

    concern = WriteConcern(w=1, j=True)

    @property
    def db(self) -> AsyncDatabase[Document]:
        """Where they are."""
        return super().db.with_options(write_concern=self.concern)


def journal(options: StoreOptions) -> list[Goal]:
    """Answers once the journal is on disk, or at once."""
    supply, best = Supply(), {True: 0.0, False: 0.0}
    emptied("mongodb", Path(), options).init()
    documents = Concerned(options, alone=True)
    for _ in range(ROUNDS):
        for waits, before in best.items():
            documents.concern = WriteConcern(w=1, j=waits)
            found = rate(partial(keep, documents), supply.batches(6))
            best[waits] = max(before, found)
    documents.mongo.close()
    return [
        Goal(f"secantusdb, w:1, j:{str(waits).lower()}: items/s", value)
        for waits, value in best.items()
    ]


PARTS = {f.__name__: f for f in (writers, flush, pool, compression, journal)}


def main() -> None:
    """Measure the parts that are named, or all."""
    chosen = [name for name in PARTS if name in sys.argv] or [*PARTS]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for part in ("m", "mongodb"):
            (folder / part).mkdir()
        settings = ("--skip-log-bin", "--innodb-buffer-pool-size=256M")
        options = StoreOptions(
            mysql_url=stack.enter_context(mariadb(folder / "m", settings=settings)),
            mongodb_url=stack.enter_context(mongodb(folder / "mongodb")),
        )
        goals = []
        for name in chosen:
            started = time.perf_counter()
            goals += PARTS[name](options)
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        show(goals)


if __name__ == "__main__":
    main()

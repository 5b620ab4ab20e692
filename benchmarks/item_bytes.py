"""Bytes of an item in each store: ``python -m benchmarks.item_bytes [--json] [--quick]``.

The items of ``benchmarks.storage`` (three comments of 18 words to a post of 38, Korean and
English), and articles of 500 words with their page, as crawls store them. SQLite and MariaDB are
measured by their files, which grow in steps of up to 4 MiB; the server that speaks MongoDB's
protocol is asked (``dbStats``): BSON and index keys before they are compressed, so MongoDB itself
takes less. ``--quick`` takes a fifth of the items.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from pymongo import MongoClient

from benchmarks.goals import Goal, show
from benchmarks.storage import made, words
from items import Article, Item
from storage import StoreOptions, open_store
from storage.spool.item_bytes import item_to_bytes
from tests.store_servers import mariadb, mongodb

if TYPE_CHECKING:
    from collections.abc import Callable

POSTS, ARTICLES = (1_000, 200) if "--quick" in sys.argv else (5_000, 1_000)
ASKED = 5
"""Part of them that the server is asked of: it counts exactly, and is slow."""
BATCH = 100
PATIENCE_SECONDS = 300.0


def posts() -> list[Item]:
    """Return posts and comments."""
    rng, vocabulary = random.Random(1), words(random.Random(0))
    return [made(n, rng, vocabulary) for n in range(POSTS)]


def articles() -> list[Item]:
    """Return articles with their pages, compressed as a spider keeps them."""
    rng, vocabulary = random.Random(2), words(random.Random(0))
    found: list[Item] = []
    for n in range(ARTICLES):
        text = " ".join(rng.choices(vocabulary, k=500))
        page = f"<html><head><title>{n}</title></head><body><p>{text}</p></body></html>"
        url = f"https://host{n % 100}.example/article-{n}.html"
        more = {"title": text[:60], "text": text, "raw_html": gzip.compress(page.encode())}
        found.append(Article(platform="web", external_id=url, url=url, **more))
    return found


def files_in(folder: Path) -> Callable[[], int]:
    """Return what measures the data of SQLite or InnoDB below ``folder``, logs left out."""

    def measure() -> int:
        files = (p for p in folder.rglob("*") if p.suffix in {".db", ".ibd"})
        return sum(p.stat().st_size for p in files)

    return measure


def documents_of(url: str) -> Callable[[], int]:
    """Return what asks a server how much it holds."""

    def measure() -> int:
        with MongoClient(url) as client:
            told = client.get_default_database().command("dbStats")
        return int(told["dataSize"] + told["indexSize"])

    return measure


def grown(
    name: str, path: Path, options: StoreOptions, items: list[Item], size: Callable[[], int]
) -> float:
    """Return the bytes by which a store grows for each item."""
    open_store(name, path, options).init()
    before = size()
    with open_store(name, path, options) as store:
        for first in range(0, len(items), BATCH):
            store.save(items[first : first + BATCH])
    return (size() - before) / len(items)


def measured(label: str, items: list[Item]) -> list[Goal]:
    """Measure every store, new, with ``items``."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for part in ("m", "d"):
            (folder / part).mkdir()
        sql = stack.enter_context(mariadb(folder / "m", settings=("--skip-log-bin",)))
        url = stack.enter_context(mongodb(folder / "d"))
        options = StoreOptions(
            mysql_url=sql, mongodb_url=url, store_timeout_seconds=PATIENCE_SECONDS
        )
        path = folder / "s" / "store.db"
        few = items[: len(items) // ASKED]
        rows = [
            ("as JSON", mean(len(item_to_bytes(item)) for item in items)),
            ("in SQLite", grown("sqlite", path, options, items, files_in(path.parent))),
            ("in MariaDB", grown("mysql", path, options, items, files_in(folder / "m"))),
            ("in documents and their indexes, not compressed",
             grown("mongodb", path, options, few, documents_of(url))),
        ]  # fmt: skip
    return [Goal(f"{label}: bytes {where}", value) for where, value in rows]


def main() -> None:
    """Measure each kind of items."""
    show(measured("post or comment", posts()) + measured("article with its page", articles()))


if __name__ == "__main__":
    main()

"""Pages and searches of the client API's store: ``python -m benchmarks.catalogue [--json]``.

``--items N`` (default 1,000,000) items of a few sentences from a vocabulary of 20,000 words, as in
``benchmarks.storage``, in the stores that ``--stores sqlite,mysql`` names (default both; MariaDB is
started here). A figure is the 95th percentile of the time that the store takes for one question,
each a different one, in one thread; full text also by kind of word.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.goals import Goal, show
from benchmarks.storage import START, made, words
from storage import ItemFilter, StoreOptions, open_store
from tests.store_servers import mariadb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage import Store

QUESTIONS = 200
BATCH = 2000
LIMIT = 50
FREQUENT = 2
"""Letters of words that several places of the vocabulary hold."""
NAMES = {"sqlite": "SQLite", "mysql": "MariaDB"}


def option(name: str, default: str) -> str:
    """Return the value of ``--name``."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def fill(store: Store, count: int, vocabulary: list[str]) -> None:
    """Save ``count`` items."""
    rng = random.Random(1)
    for first in range(0, count, BATCH):
        store.save([made(n, rng, vocabulary) for n in range(first, min(first + BATCH, count))])


def p95(questions: Iterator[Callable[[], object]]) -> float:
    """Return the 95th percentile of the milliseconds that the questions take."""
    times = []
    for question in questions:
        began = time.perf_counter()
        question()
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times)[int(0.95 * len(times))]


def pages(store: Store, count: int, rng: random.Random) -> Iterator[Callable[[], object]]:
    """Yield questions for a page of a category within a time, at any depth of it."""
    for _ in range(QUESTIONS):
        until = START + timedelta(seconds=rng.randrange(1, count + 1))
        wanted = ItemFilter(
            category=f"category_{rng.randrange(19)}",
            fetched_since=until - timedelta(seconds=count // 10),
            fetched_until=until,
        )
        yield lambda wanted=wanted: store.page(wanted, limit=LIMIT)


def searches(
    store: Store, rng: random.Random, words: list[str], most: int
) -> Iterator[Callable[[], object]]:
    """Yield searches for one word, or for one up to ``most`` in turn."""
    for n in range(QUESTIONS):
        said = " ".join(rng.choices(words, k=1 + n % most))
        yield lambda said=said: store.search(said, limit=LIMIT)


def measured(name: str, folder: Path, options: StoreOptions, count: int) -> list[Goal]:
    """Return the figures of one store."""
    rng, vocabulary = random.Random(2), words(random.Random(0))
    store = open_store(name, folder / "catalogue.db", options)
    store.init()
    with store:
        fill(store, count, vocabulary)
        said = f"{NAMES[name]}, {count:,} items"
        listed = p95(pages(store, count, rng))
        found = p95(searches(store, rng, vocabulary, 2))
        kinds = {
            kind: p95(searches(store, rng, asked, 1)) for kind, asked in by_kind(vocabulary).items()
        }
    return [
        Goal(f"{said}: category + time, p95 ms", listed, "<= 50"),
        Goal(f"{said}: full text, p95 ms", found, "<= 200"),
        *(Goal(f"{said}: full text, {kind}, p95 ms", ms) for kind, ms in kinds.items()),
    ]


def by_kind(vocabulary: list[str]) -> dict[str, list[str]]:
    """Return words by what they cost: rarer ones, ones in more items, parts of a hundred words."""
    korean, english = vocabulary[: len(vocabulary) // 2], vocabulary[len(vocabulary) // 2 :]
    return {
        "a Korean word": korean,
        "an English word": [word for word in english if len(word) > FREQUENT],
        "a frequent one": [word for word in english if len(word) == FREQUENT],
        "one Korean letter": sorted({letter for word in korean for letter in word}),
    }


def main() -> None:
    """Measure the stores that are asked for."""
    count = int(option("--items", "1000000"))
    goals: list[Goal] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in option("--stores", "sqlite,mysql").split(","):
            url = ""
            if name == "mysql":
                (folder / "m").mkdir()
                settings = ("--skip-log-bin", "--innodb-buffer-pool-size=1G")
                url = stack.enter_context(mariadb(folder / "m", settings=settings))
            goals += measured(name, folder, StoreOptions(mysql_url=url), count)
    show(goals)


if __name__ == "__main__":
    main()

"""Documents a second from a page to the store, classified over MCP by the default engine.

The bare engine is handed the same texts directly, 32 at a time; ours fetches each page, sends
micro-batches through the pipeline, the client and the protocol, and stores what comes back. The
time of start-up (loading the engine, computing its prototypes) counts for neither: the crawl is
timed from its first answer to its last. Interleaved, medians of ``ROUNDS``.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.goals import Goal, show
from items.taxonomy import load_taxonomy
from model_server.schema import Document
from model_server.spec import parse_spec
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

if TYPE_CHECKING:
    from model_server.engine import Engine

PAGES, BATCH, ROUNDS = 256, 32, 3
SAME_BATCH_SECONDS = 0.05
"""Answers this close to the first one came with it: their computing was not timed."""
SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
    "CLASSIFY_ENABLED": True,
    "LOG_LEVEL": "WARNING",
}


def texts() -> dict[int, str]:
    """Return a text for each page: descriptions of sub-categories, about 300 characters."""
    lines = [
        f"{sub.description_ko} {sub.description_en} " * 2
        for category in load_taxonomy().categories
        for sub in category.subcategories
    ]
    return {page: f"{page} {lines[page % len(lines)]}" for page in range(PAGES)}


def engine_alone(engine: Engine, pages: dict[int, str]) -> float:
    """Return documents a second of the engine, called directly in batches."""
    documents = [Document(title=f"page {page}", text=text) for page, text in pages.items()]
    began = time.perf_counter()
    for start in range(0, PAGES, BATCH):
        engine.classify(documents[start : start + BATCH])
    return PAGES / (time.perf_counter() - began)


def whole_crawl(cache: Path, pages: dict[int, str]) -> float:
    """Return documents a second of a crawl that classifies and stores, prototypes known."""
    links = {0: list(range(1, PAGES))}
    with tempfile.TemporaryDirectory() as folder, GraphSite(links, texts=pages) as site:
        home = Path(folder)
        shutil.copytree(cache, home / "cache")
        result = scrapy_crawl(
            "graph", home, settings=SETTINGS, page=f"{site.url}/page/0", timeout=600
        )
    assert result.stats["classify/classified"] == PAGES, result.log[-2000:]
    times = sorted(datetime.fromisoformat(row["classified_at"]) for row in result.items)
    began = times[0]  # by then the engine was loaded
    later = [t for t in times if (t - began).total_seconds() > SAME_BATCH_SECONDS]
    return len(later) / (times[-1] - began).total_seconds()


def main() -> None:
    """Measure and print."""
    pages = texts()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        engine = parse_spec("e5").make(load_taxonomy(), cache=cache)
        engine.load()
        rounds = [(whole_crawl(cache, pages), engine_alone(engine, pages)) for _ in range(ROUNDS)]
    crawl, alone = (median(column) for column in zip(*rounds, strict=True))
    show(
        [
            Goal("crawl, classify over MCP, store: documents/s", crawl),
            Goal("engine alone, batches of 32: documents/s", alone),
            Goal("whole crawl / engine alone", crawl / alone, ">= 0.8"),
        ]
    )


if __name__ == "__main__":
    main()

"""Whole crawls of ``benchmarks.frontier``: how fast, at what cost, how late the event loop."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.frontier_runs import ALONE, OURS, PLAIN, ROUNDS, SCALE, SCRAPY_REDIS, crawl, helper
from benchmarks.goals import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

PAGES, FAR_PAGES, EASY_PAGES = 5000 // SCALE, 600 // SCALE, 2000 // SCALE
EASY_SECONDS = 0.25
"""Time of an answer that lets 32 connections bring 128 pages/s, half of what Scrapy can do."""

Rows = dict[str, list[dict[str, Any]]]


def crawls(redis: Redis, socket: str) -> list[Goal]:
    """Crawls that keep the processor busy, crawls that do not, and crawls far from Redis."""
    here = {"REDIS_URL": f"unix://{socket}"}
    kinds = {
        "ours": OURS | here,
        "ours, scheduler alone": ALONE | here,
        "scrapy-redis": SCRAPY_REDIS | here,
        "plain": PLAIN,
    }
    busy = _rounds(redis, kinds, PAGES)
    easy = _rounds(redis, {n: kinds[n] for n in ("ours", "plain")}, EASY_PAGES, str(EASY_SECONDS))
    return [*_speed(busy), *_far(redis, socket), *_lag(busy, easy)]


def _rounds(redis: Redis, kinds: Mapping[str, dict[str, Any]], pages: int, *seconds: str) -> Rows:
    """Crawl a site in every kind, in turns."""
    rows: Rows = {name: [] for name in kinds}
    with helper("site", str(pages), *seconds) as port:
        for _ in range(ROUNDS):
            for name, settings in kinds.items():
                rows[name].append(crawl(redis, f"http://127.0.0.1:{port}/0", settings, pages))
    return rows


def _medians(rows: Rows, figure: str) -> dict[str, float]:
    return {name: median(row[figure] for row in some) for name, some in rows.items()}


def _speed(rows: Rows) -> list[Goal]:
    """Pages a second, and the time of the crawler's processor that a page takes."""
    rate, cpu = _medians(rows, "rate"), _medians(rows, "cpu_ms")
    return [
        *(Goal(f"{PAGES} pages, loopback, {name}: pages/s", value) for name, value in rate.items()),
        *(Goal(f"{name}: CPU ms a page", value) for name, value in cpu.items()),
        Goal("crawl, ours / scrapy-redis", rate["ours"] / rate["scrapy-redis"], ">= 1.8"),
        Goal("crawl, ours / in-memory Scrapy", rate["ours"] / rate["plain"], ">= 0.95"),
        Goal(
            "crawl, our scheduler alone / scrapy-redis",
            rate["ours, scheduler alone"] / rate["scrapy-redis"],
        ),
    ]


def _far(redis: Redis, socket: str) -> list[Goal]:
    """Pages a second with 2 ms added to each round trip; scrapy-redis gets fewer pages."""
    rates: dict[str, list[float]] = {"ours": [], "scrapy-redis": []}
    with helper("proxy", socket, "0.002") as port:
        far = {"REDIS_URL": f"redis://127.0.0.1:{port}"}
        for _ in range(ROUNDS):
            for name, settings, pages in (
                ("ours", OURS, PAGES),
                ("scrapy-redis", SCRAPY_REDIS, FAR_PAGES),
            ):
                with helper("site", str(pages)) as site:
                    row = crawl(redis, f"http://127.0.0.1:{site}/0", settings | far, pages)
                rates[name].append(row["rate"])
    rate = {name: median(values) for name, values in rates.items()}
    return [
        *(Goal(f"Redis 2 ms away, {name}: pages/s", value) for name, value in rate.items()),
        Goal("Redis 2 ms away, ours / scrapy-redis", rate["ours"] / rate["scrapy-redis"], ">= 12"),
    ]


def _lag(busy: Rows, easy: Rows) -> list[Goal]:
    """How much later than in-memory Scrapy's our event loop comes to a callback that is due.

    Told twice. A crawl that keeps the processor busy is late by the pages that arrived at once,
    whoever schedules them: in-memory Scrapy itself by 125 to 150 ms, and our code is measured by
    how many pages it lets through in a turn of the loop as much as by what it takes. At half that
    load pages come one by one, and what a scheduler blocks the loop for shows.
    """
    goals = []
    for load, rows in (("busy", busy), ("half load", easy)):
        lag = _medians(rows, "lag_p99_ms")
        goals += [
            *(Goal(f"reactor lag, {load}, {name}: p99 ms", value) for name, value in lag.items()),
            Goal(f"reactor lag added, {load}, p99 ms", lag["ours"] - lag["plain"], "<= 10"),
        ]
    return goals

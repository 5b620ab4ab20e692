"""Which queue a crawl uses: the one in Redis if ``REDIS_URL`` is set, else a file."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from scrapy.settings import BaseSettings
from scrapy.utils.job import job_dir

from crawlers.frontier.crawl_name import crawl_name, is_made_up
from crawlers.frontier.protocol import Budget, Rules
from crawlers.frontier.shares import HostShares
from crawlers.frontier.sqlite_file import remove_stale
from crawlers.frontier.sqlite_queue import SqliteQueue

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from scrapy.crawler import Crawler

    from crawlers.frontier.protocol import Answer, FrontierQueue

logger = logging.getLogger(__name__)


@dataclass(slots=True, frozen=True, kw_only=True)
class Place:
    """Where a crawl's queue lies."""

    crawl: str
    path: Path | None
    """Its file; ``None`` = in Redis."""
    named: bool
    """Somebody named it: it is kept when it has ended, and begins anew only when it is dropped."""

    def __str__(self) -> str:
        return f"{self.crawl} ({self.path or 'in Redis'})"


def place_of(crawler: Crawler) -> Place:
    """Return where the crawl's queue lies: Redis, ``JOBDIR`` or ``HOME/frontier``."""
    settings = crawler.settings
    assert crawler.spider is not None
    crawl, named = crawl_name(crawler.spider, settings), bool(settings["FRONTIER_CRAWL"])
    if settings["REDIS_URL"]:
        return Place(crawl=crawl, path=None, named=named)
    if folder := job_dir(settings):
        return Place(crawl=Path(folder).name, path=Path(folder) / "frontier.db", named=True)
    path = Path(settings["HOME"]) / "frontier" / f"{quote(crawl, safe='')}.db"
    return Place(crawl=crawl, path=path, named=named)


def make_queue(crawler: Crawler) -> FrontierQueue:
    """Return the queue that the settings ask for; nothing is opened yet.

    A crawl that was stopped or killed goes on where it was; one that had ended begins anew, unless
    ``JOBDIR`` or ``FRONTIER_CRAWL`` names it.
    """
    settings, place = crawler.settings, place_of(crawler)
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    rules = Rules(
        lease_seconds=settings.getfloat("FRONTIER_LEASE_SECONDS"),
        max_attempts=settings.getint("FRONTIER_MAX_ATTEMPTS"),
        delay_ms=int(settings.getfloat("DOWNLOAD_DELAY") * 1000),
        concurrency=settings.getint("FRONTIER_HOST_CONCURRENCY"),
        share=HostShares(settings).share,
        strict=settings["FRONTIER_ORDER"] == "strict",
        renew=not place.named,
    )
    if place.path is not None:
        _forget_stale(place, settings.getfloat("FRONTIER_KEEP_DAYS"))
        return SqliteQueue(place.path, worker, rules)
    # redis belongs to the extra `server`: a crawl without it must not need it
    from crawlers.frontier.queue import RedisQueue  # noqa: PLC0415

    return RedisQueue(connect(settings), place.crawl, worker, rules)


def budget_of(settings: BaseSettings) -> Budget:
    """Return what the settings let the crawl use up."""
    return Budget(
        max_pages=settings.getint("FRONTIER_MAX_PAGES"),
        max_items=settings.getint("FRONTIER_MAX_ITEMS"),
        max_bytes=settings.getint("FRONTIER_MAX_BYTES"),
        max_seconds=settings.getfloat("FRONTIER_MAX_SECONDS"),
    )


def say_what_is_left(crawler: Crawler, left: Answer | None) -> None:
    """Log and count what earlier runs or others left to do; ``None`` = the crawl is new."""
    place, extra = place_of(crawler), {"spider": crawler.spider}
    crawler.stats.set_value("frontier/crawl", place.crawl)
    if left is None:
        logger.info("Crawl %s begins", place, extra=extra)
    elif left.complete:
        logger.info("Crawl %s has nothing queued; what it has seen stays seen", place, extra=extra)
    else:
        counts = left.queued, left.in_flight
        logger.info("Goes on with crawl %s: %d queued, %d under way", place, *counts, extra=extra)
        crawler.stats.set_value("frontier/resumed", sum(counts))


def _forget_stale(place: Place, days: float) -> None:
    """Remove what was stopped long ago; not the crawl that is to go on now, nor a named one."""
    if place.named or place.path is None or not days:
        return

    def may_go(name: str) -> bool:
        return is_made_up(name) and name != quote(place.crawl, safe="")

    for name in remove_stale(place.path.parent, days, chosen=may_go):
        logger.info("Forgot crawl %s, stopped more than %g days ago", name, days)


def connect(settings: BaseSettings) -> Redis:
    """Return an asynchronous client of ``REDIS_URL``, made as scrapy-redis makes its own."""
    from scrapy_redis.connection import get_redis_from_settings  # noqa: PLC0415

    from storage.redis_address import split_address  # noqa: PLC0415

    address, is_cluster = split_address(settings["REDIS_URL"])
    parameters = settings.getdict("REDIS_PARAMS")
    if is_cluster:  # scrapy-redis would hand it a parameter that it does not know
        from redis.asyncio import RedisCluster  # noqa: PLC0415

        timeouts = {"socket_timeout": 30, "socket_connect_timeout": 30}  # scrapy-redis' own
        return cast("Redis", RedisCluster.from_url(address, **(timeouts | parameters)))
    settings = BaseSettings(settings.copy_to_dict())
    settings.set("REDIS_PARAMS", parameters | {"redis_cls": "redis.asyncio.Redis"})
    return cast("Redis", get_redis_from_settings(settings))

"""Which queue a crawl uses: the one in Redis if ``REDIS_URL`` is set, else a file."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from scrapy.settings import BaseSettings
from scrapy.utils.job import job_dir

from crawlers.frontier.sqlite_queue import SqliteQueue

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from scrapy.crawler import Crawler

    from crawlers.frontier.protocol import FrontierQueue


def make_queue(crawler: Crawler) -> FrontierQueue:
    """Return the queue that the settings ask for; nothing is opened yet.

    The file is ``JOBDIR/frontier.db`` or ``HOME/frontier/<crawl>.db``. A crawl that was stopped or
    killed goes on where it was; one that had ended begins anew if neither ``JOBDIR`` nor
    ``FRONTIER_CRAWL`` names it.
    """
    settings = crawler.settings
    assert crawler.spider is not None
    crawl = settings["FRONTIER_CRAWL"] or crawler.spider.name
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    rules: dict[str, Any] = {
        "lease_seconds": settings.getfloat("FRONTIER_LEASE_SECONDS"),
        "max_attempts": settings.getint("FRONTIER_MAX_ATTEMPTS"),
        "delay_ms": int(settings.getfloat("DOWNLOAD_DELAY") * 1000),
        "strict": settings["FRONTIER_ORDER"] == "strict",
    }
    if settings["REDIS_URL"]:
        # redis belongs to the extra `server`: a crawl without it must not need it
        from crawlers.frontier.queue import RedisQueue  # noqa: PLC0415

        return RedisQueue(connect(settings), crawl, worker, **rules)
    if folder := job_dir(settings):
        return SqliteQueue(Path(folder) / "frontier.db", worker, **rules)
    path = Path(settings["HOME"]) / "frontier" / f"{quote(crawl, safe='')}.db"
    return SqliteQueue(path, worker, renew=not settings["FRONTIER_CRAWL"], **rules)


def connect(settings: BaseSettings) -> Redis:
    """Return an asynchronous client of ``REDIS_URL``, made as scrapy-redis makes its own."""
    from scrapy_redis.connection import get_redis_from_settings  # noqa: PLC0415

    settings = BaseSettings(settings.copy_to_dict())
    parameters = settings.getdict("REDIS_PARAMS") | {"redis_cls": "redis.asyncio.Redis"}
    settings.set("REDIS_PARAMS", parameters)
    return cast("Redis", get_redis_from_settings(settings))

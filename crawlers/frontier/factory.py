"""Which queue a crawl uses: the one in Redis if ``REDIS_URL`` is set."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TYPE_CHECKING

from scrapy.settings import BaseSettings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawlers.frontier.protocol import FrontierQueue


def make_queue(crawler: Crawler) -> FrontierQueue:
    """Return the queue that the settings ask for; nothing is opened yet."""
    # redis belongs to the extra `server`: a crawl without it must not need it
    from scrapy_redis.connection import get_redis_from_settings  # noqa: PLC0415

    from crawlers.frontier.queue import RedisQueue  # noqa: PLC0415

    settings = BaseSettings(crawler.settings.copy_to_dict())
    parameters = settings.getdict("REDIS_PARAMS") | {"redis_cls": "redis.asyncio.Redis"}
    settings.set("REDIS_PARAMS", parameters)
    redis = get_redis_from_settings(settings)
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    assert crawler.spider is not None
    return RedisQueue(
        redis,
        settings["FRONTIER_CRAWL"] or crawler.spider.name,
        worker,
        lease_seconds=settings.getfloat("FRONTIER_LEASE_SECONDS"),
        max_attempts=settings.getint("FRONTIER_MAX_ATTEMPTS"),
        delay_ms=int(settings.getfloat("DOWNLOAD_DELAY") * 1000),
        strict=settings["FRONTIER_ORDER"] == "strict",
    )

"""The frontier's scheduler in a crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scrapy.utils.misc import load_object

from crawlers.frontier.scheduler import FrontierScheduler

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings


def is_chosen(settings: BaseSettings) -> bool:
    """Whether ``SCHEDULER`` is the frontier's, or made from it."""
    # its metaclass would take any scheduler for an instance of it
    return FrontierScheduler in load_object(settings["SCHEDULER"]).mro()


def current_scheduler(crawler: Crawler) -> FrontierScheduler:
    """Return the scheduler of a crawl whose spider is open."""
    engine = crawler.engine
    assert engine is not None
    assert engine._slot is not None  # `engine.scheduler` is newer than Scrapy 2.16
    return cast("FrontierScheduler", engine._slot.scheduler)

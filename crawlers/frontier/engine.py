"""What the frontier needs of Scrapy's engine and has no public way to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import version_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler


def on_request_end(crawler: Crawler, call: Callable[[Request], None]) -> None:
    """Have ``call`` told of each request the engine is done with: callback and items included."""
    assert crawler.engine is not None
    slot = crawler.engine._slot
    assert slot is not None
    remove_request = slot.remove_request

    def removed(request: Request) -> None:
        call(request)
        remove_request(request)

    slot.remove_request = removed  # type: ignore[method-assign]


def look_again(crawler: Crawler) -> None:
    """Have the engine ask the scheduler for requests, soon; by itself it does so every 5 s."""
    engine: Any = crawler.engine
    # While the spider opens, neither slot is there: the engine looks by itself afterwards.
    if engine is not None and engine._slot is not None and engine.scraper.slot is not None:
        engine._slot.nextcall.schedule()


def leave_delays_to_frontier(crawler: Crawler, spider: Spider) -> None:
    """Take the delay of new slots away: a second wait in there would shift requests together.

    AutoThrottle sets it in this way, too.
    """
    assert crawler.engine is not None
    crawler.engine.downloader._delay = 0.0
    if version_info < (2, 17):  # that one asks the spider
        spider.download_delay = 0.0  # type: ignore[attr-defined]

"""How many requests the downloader runs at once: changed by hand, halved while items wait."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from gleanery.signals import speed_changed, store_away, store_back

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

UNLIMITED = 100
"""What counts as the limit where ``CONCURRENT_REQUESTS`` is 0."""


class SlowDown:
    """Extension: halves the requests under way, in all and to each host, as long as items wait.

    It changes what AutoThrottle and the settings change: the downloader's limits and its slots'.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._before: dict[str, int] = {}
        self._total = self._domain = 0
        self._is_slow = False
        crawler.signals.connect(self.slow, store_away)
        crawler.signals.connect(self.go_on, store_back)
        crawler.signals.connect(self.change, speed_changed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def slow(self) -> None:
        """Halve the limits; nothing goes below one request."""
        if self._is_slow or self.crawler.engine is None:
            return
        self._is_slow = True
        downloader = self.crawler.engine.downloader
        self._total, self._domain = downloader.total_concurrency, downloader.domain_concurrency
        self._before = {key: slot.concurrency for key, slot in downloader.slots.items()}
        downloader.total_concurrency = _half(self._total or UNLIMITED)
        downloader.domain_concurrency = _half(self._domain)
        for slot in downloader.slots.values():
            slot.concurrency = _half(slot.concurrency)
        logger.info("Items wait for the store: half as many requests at once")

    def go_on(self) -> None:
        """Set the limits back; slots that came meanwhile get those of new ones."""
        if not self._is_slow or self.crawler.engine is None:
            return
        self._is_slow = False
        downloader = self.crawler.engine.downloader
        downloader.total_concurrency, downloader.domain_concurrency = self._total, self._domain
        for key, slot in downloader.slots.items():
            slot.concurrency = self._before.get(key, self._domain)

    def change(self, total: int, domain: int) -> None:
        """Set the limits to what somebody wants; slots that settings speak of keep theirs."""
        if self.crawler.engine is None:
            return
        was_slow = self._is_slow
        self.go_on()
        downloader = self.crawler.engine.downloader
        downloader.total_concurrency, downloader.domain_concurrency = total, domain
        own = self.crawler.settings.getdict("DOWNLOAD_SLOTS")
        for key, slot in downloader.slots.items():
            if key not in own:
                slot.concurrency = domain
        if was_slow:
            self.slow()


def _half(number: int) -> int:
    return max(1, number // 2)

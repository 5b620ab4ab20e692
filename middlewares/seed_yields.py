"""What each seed brings is counted; a fading one ends when its budget is spent."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured

from gleanery.errors import StoreError
from items import Author, Comment, Item
from items.clock import utc_now
from items.seed import REVISIT
from items.seed_yield import Brought
from storage import configured_store
from storage.seed_yields import note_brought, seed_policy

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


class SeedYieldMiddleware:
    """Counts requests, answers and good items by seed; notes them in the store at the end.

    Budgets come from ``spider.budgets``, by label; a seed that is not in there has no limit. Each
    worker of a shared crawl counts for itself.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("SEED_FADING"):
            raise NotConfigured
        self.crawler = crawler
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()
        self.good: Counter[str] = Counter()
        self.capped: set[str] = set()
        crawler.signals.connect(self.item_scraped, signals.item_scraped)
        crawler.signals.connect(self.item_dropped, signals.item_dropped)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or raise ``IgnoreRequest`` if its seed's budget is spent."""
        label = request.meta.get("seed")
        if not label or request.meta.get("retry_times"):
            return
        budget = getattr(self.crawler.spider, "budgets", {}).get(label)
        if budget is not None and self.asked[label] >= budget:
            self.capped.add(label)
            self.crawler.stats.inc_value("seeds/over_budget")
            raise IgnoreRequest(f"the budget of the seed {label} is spent")
        self.asked[label] += 1

    async def process_response(self, request: Request, response: Response) -> Response:
        """Count the answer: a platform that is away does not speak against a seed."""
        if response.status < 500 and response.status != 429:
            self.answered[request.meta.get("seed", "")] += 1
        return response

    def item_scraped(self, item: Any) -> None:
        """Count an item that was kept."""
        if isinstance(item, Item) and not isinstance(item, Comment | Author):
            self.found[item.seed] += 1
            known = item.wanted is not None or item.category_wanted is None
            self.judged[item.seed] += known
            self.good[item.seed] += known and item.wanted is not False

    def item_dropped(self, item: Any) -> None:
        """Count an item that was dropped for being off topic."""
        if isinstance(item, Item) and item.wanted is False:
            self.item_scraped(item)

    async def spider_closed(self) -> None:
        """Note in the store what each seed has brought."""
        brought = {
            label: Brought(
                requests=count,
                items=self.judged[label],
                good=self.good[label],
                capped=label in self.capped,
            )
            for label, count in self.answered.items()
            # found, but not judged: nobody classified, and nothing is known
            if label not in ("", REVISIT) and bool(self.judged[label]) == bool(self.found[label])
        }
        try:
            if brought:
                await asyncio.to_thread(self._note, brought)
        except StoreError as error:
            logger.warning("What the seeds brought is not noted: %s", error)

    def _note(self, brought: dict[str, Brought]) -> None:
        get = self.crawler.settings.get
        with configured_store(get) as store:
            note_brought(store, brought, utc_now(), seed_policy(get))

"""Leave branches that give nothing wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from gleanery.signals import children_ready
from items import Item

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class FocusMiddleware(BaseSpiderMiddleware):
    """Prunes a branch after ``FOCUS_PATIENCE`` levels without a wanted item.

    One class, listed twice: as spider middleware it notes where each request hangs, as downloader
    middleware it decides when the request's turn comes. By then everything one level up has been
    classified, since the scheduler keeps a barrier between levels. A level that gave no item at
    all (a listing, a redirect page) does not count. ``misses`` of a branch live in
    ``spider.state["focus"]`` by depth, so they survive a resumed crawl.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        self.patience = crawler.settings.getint("FOCUS_PATIENCE")
        if self.patience < 1:
            raise NotConfigured("FOCUS_PATIENCE must be 1 or more")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    # --- as spider middleware
    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        if response is not None and request.meta.get("category_wanted"):
            key = request.meta.pop("of", None) or response.meta.get("node")
            request.meta["branch"] = [key, response.meta.get("misses", 0)]
        return request

    # --- as downloader middleware
    async def process_request(self, request: Request) -> None:
        """Let the request pass, or raise ``IgnoreRequest`` if its branch is barren."""
        if "branch" not in request.meta:
            return
        key, above = request.meta["branch"]
        misses = _misses(self.crawler, key, request.meta["depth"], default=above)
        if misses >= self.patience:
            self.crawler.stats.inc_value("focus/pruned")
            raise IgnoreRequest(
                f"pruned: {misses} levels without {request.meta['category_wanted']}"
            )
        request.meta["misses"] = misses


class FocusVerdicts:
    """Extension: after each item, notes whether its branch gave something wanted."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.patience = crawler.settings.getint("FOCUS_PATIENCE")
        crawler.signals.connect(self.item_done, signals.item_scraped)
        crawler.signals.connect(self.item_done, signals.item_dropped)
        crawler.signals.connect(self.judge_children, children_ready)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def item_done(self, item: Any, response: Response | None) -> None:
        """Note the verdict for the item and for the page it came from."""
        if response is None or not isinstance(item, Item) or item.wanted is None:
            return
        missed = response.meta.get("misses", 0) + 1
        level = _state(self.crawler).setdefault(response.meta.get("depth", 0), {})
        for key in (item.identity, response.meta.get("node", "")):
            level[key] = 0 if item.wanted or level.get(key) == 0 else missed

    def judge_children(self, children: list[Request]) -> None:
        """Say of each child how barren its branch is, since another worker may fetch it."""
        for child in children:
            if branch := child.meta.pop("branch", None):
                key, above = branch
                misses = _misses(self.crawler, key, child.meta["depth"], default=above)
                child.meta["misses"] = misses
                if misses >= self.patience:
                    child.meta["pruned"] = True
                    self.crawler.stats.inc_value("focus/pruned")


def _misses(crawler: Crawler, key: str, depth: int, *, default: int) -> int:
    """Look in this level and the one above; older ones are forgotten."""
    levels = _state(crawler)
    for old in [d for d in levels if d < depth - 1]:
        del levels[old]
    above = levels.get(depth - 1, {}).get(key, default)
    return levels.get(depth, {}).get(key, above)


def _state(crawler: Crawler) -> dict[int, dict[str, int]]:
    state = crawler.spider.__dict__.setdefault("state", {})
    return state.setdefault("focus", {})  # type: ignore[no-any-return]

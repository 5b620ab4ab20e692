"""Scrapy's item pipelines, which say to log lines and to spans which item they are about."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import DropItem
from scrapy.pipelines import ItemPipelineManager
from scrapy.utils.defer import ensure_awaitable

from gleanery.json_log import ITEM
from gleanery.tracing import is_tracing, shown, span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy.crawler import Crawler

    Step = Callable[[Any], Awaitable[Any]]


class ItemSteps(ItemPipelineManager):
    """``ITEM_PROCESSOR`` where logs are JSON, or traces are wanted."""

    crawler: Crawler

    async def process_item_async(self, item: Any) -> Any:
        token = ITEM.set(str(getattr(item, "identity", "")))
        try:
            if not is_tracing():
                return await super().process_item_async(item)
            return await self._traced(item)
        finally:
            ITEM.reset(token)

    async def _traced(self, item: Any) -> Any:
        from crawlers.page_traces import PageTraces  # noqa: PLC0415 - imports OpenTelemetry

        pages = self.crawler.get_spider_middleware(PageTraces)
        page = pages.take_context(item) if isinstance(pages, PageTraces) else None
        with span("item", parent=page, fine=(DropItem,), gleanery_item=shown(ITEM.get())):
            return await super().process_item_async(item)

    def _add_middleware(self, mw: Any) -> None:
        super()._add_middleware(mw)
        steps = self.methods["process_item"]
        if not is_tracing() or not hasattr(mw, "process_item"):
            return
        if (step := steps[-1]) not in self._mw_methods_requiring_spider:  # called as it is
            steps[-1] = _spanned(_name(mw), step)


def _spanned(name: str, step: Any) -> Step:
    @wraps(step)
    async def inside(item: Any) -> Any:
        with span(name, fine=(DropItem,)):
            return await ensure_awaitable(step(item))

    return inside


def _name(pipeline: Any) -> str:
    """Return ``classify`` for a ``ClassifyPipeline``."""
    return type(pipeline).__name__.removesuffix("Pipeline").lower()

"""A trace for each page, from its download to the storing of its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, get_current_span, set_span_in_context
from scrapy import signals
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from crawlers.frontier.current import is_chosen
from crawlers.frontier.engine import on_request_end
from crawlers.frontier.factory import place_of
from gleanery.config import load_config
from gleanery.tracing import context_of, header_of, start_tracing, tracer
from gleanery.urls import host_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

META = "trace"
"""Request meta: the page that led to this one, as a ``traceparent``; goes through the frontier."""


class PageTraces(BaseSpiderMiddleware):
    """Spider middleware: begins a page's span when the downloader takes it, ends it at its end.

    Each page has a trace of its own with a link to the page that led to it. A crawl as one trace
    would have millions of spans, last for days over many processes, and be sampled whole or not at
    all; so a trace is as large as one page's items are many.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        start_tracing("gleanery-crawl", load_config())
        self._pages: dict[Request, Span] = {}
        self._items: dict[int, tuple[Any, Context]] = {}
        self._facts: dict[str, str] = {}
        connect = crawler.signals.connect
        connect(self._open, signals.spider_opened)
        connect(self._begin, signals.request_reached_downloader)
        connect(self._note_response, signals.response_received)
        connect(self._note_failure, signals.spider_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        if response is not None and (page := self._page_of(response)):
            if page.get_span_context().trace_flags.sampled:
                request.meta[META] = header_of(set_span_in_context(page))
            else:
                request.meta.pop(META, None)
        return request

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        if response is not None and (page := self._page_of(response)):
            # kept with the item, so that no other can have its id; this is the last middleware
            self._items[id(item)] = (item, set_span_in_context(page, Context()))
        return item

    def take_context(self, item: Any) -> Context:
        """Return the context of the page that gave ``item``, once; an empty one if none did."""
        found = self._items.pop(id(item), None)
        return found[1] if found else Context()

    def _open(self) -> None:
        settings = self.crawler.settings
        if is_chosen(settings):
            self._facts["gleanery.crawl"] = place_of(self.crawler).crawl
        if job := settings.get("JOB"):
            self._facts["gleanery.job"] = job
        on_request_end(self.crawler, self._end)

    def _begin(self, request: Request) -> None:
        # a robots.txt or a picture has no depth: it belongs to what asked for it
        if "depth" not in request.meta or request in self._pages:
            return
        led = get_current_span(context_of(request.meta.get(META, ""))).get_span_context()
        self._pages[request] = tracer().start_span(
            "page",
            Context(),
            links=[Link(led)] if led.is_valid else None,
            attributes={
                "server.address": host_of(request.url),
                "gleanery.depth": request.meta["depth"],
                **self._facts,
            },
        )

    def _note_response(self, response: Response, request: Request) -> None:
        if page := self._pages.get(request):
            page.add_event("downloaded")
            page.set_attribute("http.response.status_code", response.status)
            page.set_attribute("http.response.body.size", len(response.body))

    def _note_failure(self, failure: Any, response: Any) -> None:
        if page := self._page_of(response):
            page.set_attribute("error.type", failure.type.__name__)

    def _end(self, request: Request) -> None:
        if page := self._pages.pop(request, None):
            page.end()

    def _page_of(self, response: Any) -> Span | None:
        request = getattr(response, "request", None)
        return self._pages.get(request) if request is not None else None

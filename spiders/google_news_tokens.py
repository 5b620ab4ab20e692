"""Follow the links of Google News that hide where they lead, within a budget."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.spidermiddlewares.httperror import HttpError

from gleanery.errors import ExtractionError
from platforms.google.news_links import article_address, decode_call, read_decoded, read_signature
from platforms.google.provider import Result
from spiders.google_failures import GoogleFailures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure


logger = logging.getLogger(__name__)

BLOCKED = (403, 429)
"""Answers after which further asking only prolongs the block."""


class GoogleNewsTokens(GoogleFailures):
    """Two requests a token, at the depth of the listing; the page follows one deeper."""

    def page_request(
        self,
        url: str,
        *,
        found_by: str,
        result: Result | None = None,
        parent: str | None = None,
    ) -> scrapy.Request:
        """Return the request for a page."""
        raise NotImplementedError

    def decode(self, result: Result, meta: dict[str, Any]) -> Iterator[scrapy.Request]:
        """Ask for the publisher's address, unless the budget is spent or Google has blocked us."""
        budget = self.settings.getint("GOOGLE_NEWS_DECODE_BUDGET")
        spent = self.progress.setdefault("decoded", 0)
        if spent >= budget or self.progress.get("blocked"):
            self._leave_out(budget)
            return
        self.progress["decoded"] = spent + 1
        base = self.settings["GOOGLE_NEWS_URL"]
        yield self._ask(article_address(base, result.token or ""), self.parse_signature, result)

    def _leave_out(self, budget: int) -> None:
        if not self.stats.get_value("google/not_decoded"):
            logger.warning(
                "Google News links are left out: %s (GOOGLE_NEWS_DECODE_BUDGET=%d);"
                " google/not_decoded counts them",
                "Google has blocked us" if self.progress.get("blocked") else "the budget is spent",
                budget,
                extra={"spider": self},
            )
        self.stats.inc_value("google/not_decoded")

    def parse_signature(self, response: Response) -> Iterator[scrapy.Request]:
        """Take the signature from the article page, and make the page's own call."""
        result = Result.from_dict(response.meta["result"])
        try:
            signature, time = read_signature(response.body)
        except ExtractionError as error:
            self.note_failure("google/decode_failed", str(error))
            return
        url, body = decode_call(
            self.settings["GOOGLE_NEWS_URL"], result.token or "", signature, time
        )
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        yield self._ask(url, self.parse_decoded, result, method="POST", body=body, headers=form)

    def parse_decoded(self, response: Response) -> Iterator[scrapy.Request]:
        """Go to the publisher's page."""
        result = Result.from_dict(response.meta["result"])
        try:
            result.url, result.token = read_decoded(response.body), None
        except ExtractionError as error:
            self.note_failure("google/decode_failed", str(error))
            return
        self.stats.inc_value("google/decoded")
        yield self.page_request(result.url, found_by="google_news", result=result)

    def decode_failed(self, failure: Failure) -> None:
        """Count; where Google blocks us, stop asking."""
        self.stats.inc_value("google/decode_failed")
        error = failure.value
        status = error.response.status if isinstance(error, HttpError) else None
        if status in BLOCKED and not self.progress.get("blocked"):
            self.progress["blocked"] = True
            logger.warning(
                "Google News blocks the decoding of links (HTTP %d): no more are tried",
                status,
                extra={"spider": self},
            )
        elif status not in BLOCKED:
            why = f"HTTP {status}" if status else type(error).__name__
            logger.warning("Google News link not decoded: %s", why, extra={"spider": self})

    def _ask(self, url: str, callback: Any, result: Result, **more: Any) -> scrapy.Request:
        meta = {"result": result.to_dict(), "dont_obey_robotstxt": True} | self.patient
        request = scrapy.Request(url, callback, errback=self.decode_failed, meta=meta, **more)
        return self.follow(request, same_depth=True)

"""What the Google spider does where something does not come: one line, one count, go on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy import signals
from scrapy.exceptions import CloseSpider, IgnoreRequest, StopDownload
from scrapy.spidermiddlewares.httperror import HttpError

from gleanery.errors import CredentialError
from platforms.web.parse_thread import ParseThread
from spiders.base import GleanerySpider

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request
    from scrapy.http.headers import Headers
    from twisted.python.failure import Failure

    from platforms.google.provider import SearchProvider

logger = logging.getLogger(__name__)

HTML = ("text/html", "application/xhtml+xml")


class GoogleFailures(GleanerySpider):
    """Errbacks, progress, and the stop of downloads that are no pages."""

    parser: ParseThread
    """Everything that reads markup runs there."""

    patient: ClassVar[dict[str, Any]] = {"give_up_log_level": "DEBUG"}
    """Meta of every request: we say ourselves what a failure means, in one line."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.parser = ParseThread()
        crawler.signals.connect(spider.headers_received, signals.headers_received)
        crawler.signals.connect(spider.parser.close, signals.spider_closed)
        return spider

    def headers_received(self, headers: Headers, request: Request) -> None:
        """Stop the download of a page that says it is none: a film need not be fetched."""
        kind = (headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0]
        if request.meta.get("page") and kind and kind.strip().lower() not in HTML:
            raise StopDownload(fail=True)

    @property
    def stats(self) -> Any:
        return self.crawler.stats

    @property
    def progress(self) -> dict[str, Any]:
        """Counts that a resumed crawl goes on with (``JOBDIR``)."""
        state: dict[str, Any] = self.__dict__.setdefault("state", {})
        counts: dict[str, Any] = state.setdefault("google", {})
        return counts

    def provider(self, name: str) -> SearchProvider:
        """Return the provider called ``name``."""
        raise NotImplementedError

    def note_failure(self, stat: str, message: str) -> None:
        """Count and say what is missing."""
        self.stats.inc_value(stat)
        logger.warning("%s", message, extra={"spider": self})

    def listing_failed(self, failure: Failure) -> None:
        """Say what a provider refuses.

        Raises:
            CloseSpider: The key is refused, and no seed is left that does without it.
        """
        request: Request = failure.request  # type: ignore[attr-defined]
        name = request.meta["provider"]
        if not isinstance(failure.value, HttpError):
            self.note_failure("google/listing_failed", f"{request.url}: {_why(failure)}")
            return
        response = failure.value.response
        error = self.provider(name).refusal(response.status, response.body)
        self.note_failure(f"google/listing_failed/{response.status}", f"{request.url}: {error}")
        self.stats.inc_value("google/listing_failed")
        if isinstance(error, CredentialError) and self._only_provider(name):
            raise CloseSpider("credentials_refused")

    def _only_provider(self, name: str) -> bool:
        kinds = self.provider(name).kinds
        return all(seed.kind in kinds for seed in self.seeds)

    def page_failed(self, failure: Failure) -> None:
        """Count a page that did not come; robots.txt and pruning are counted where they happen."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, StopDownload):
            self.stats.inc_value("google/not_html")
        elif isinstance(failure.value, HttpError):
            status = failure.value.response.status
            self.stats.inc_value(f"google/page_failed/{status}")
            self.note_failure("google/page_failed", f"{request.url}: HTTP {status}")
        elif not isinstance(failure.value, IgnoreRequest):
            what = "google/render_failed" if request.meta.get("rendered") else "google/page_failed"
            self.note_failure(what, f"{request.url}: {_why(failure)}")


def _why(failure: Failure) -> str:
    text = str(failure.value).splitlines()
    return f"{type(failure.value).__name__}: {text[0] if text else 'no reason given'}"[:300]

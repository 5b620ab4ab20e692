"""Access tokens: put on at the last moment, taken off at the first."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from gleanery.errors import CredentialError, PlatformUnavailableError
from platforms.reddit.api import RedditApi

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


class RedditCredentialsMiddleware:
    """Authorizes requests to Reddit's API, renews the token, and ends a crawl that is refused.

    The header is on a request only while that is being downloaded: it never reaches a queue on
    disk, a retry's copy or a callback. Requests that find no token go back to the queue, so the
    same command goes on once a person has put the credentials right.
    """

    def __init__(self, crawler: Crawler) -> None:
        if getattr(crawler.spider, "platform", None) != "reddit":
            raise NotConfigured
        self.crawler = crawler
        self.api = RedditApi.from_settings(crawler.settings)
        self.attempts = crawler.settings.getint("RETRY_TIMES") + 1
        self._lock = asyncio.Lock()
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> Request | None:
        """Put the token on; without one, put the request back."""
        if not self.api.owns(request.url):
            return None
        token = await self._token()
        if token is None:
            return _held_back(request)
        request.headers["Authorization"] = f"bearer {token}"
        return None

    async def process_response(self, request: Request, response: Response) -> Response | Request:
        """Take the token off; after 401 try once more with a new one, then end the crawl."""
        sent = request.headers.pop("Authorization", None)
        if response.status != 401 or not sent:
            return response
        self.crawler.stats.inc_value("reddit/token_refused")
        self.api.forget_token(sent[0].decode().removeprefix("bearer "))
        if request.meta.get("token_renewed"):
            self._close("credentials_refused", "Reddit refuses a token that it has just issued")
            return _held_back(request)
        return request.replace(dont_filter=True, meta={**request.meta, "token_renewed": True})

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Take the token off, before a retry copies the request."""
        if self.api.owns(request.url):
            request.headers.pop("Authorization", None)

    async def _token(self) -> str | None:
        async with self._lock:  # one asks, the others take what it got
            if self._closing:
                return None
            if token := self.api.token:
                return token
            try:
                return await self._new_token()
            except CredentialError as error:
                self._close("credentials_refused", str(error))
            except PlatformUnavailableError as error:
                self._close("token_unavailable", str(error))
            return None

    async def _new_token(self) -> str:
        for attempt in range(1, self.attempts + 1):
            try:
                token = await asyncio.to_thread(self.api.refresh_token)
            except PlatformUnavailableError:
                if attempt == self.attempts:
                    raise
                await asyncio.sleep(2 ** (attempt - 1))
            else:
                self.crawler.stats.inc_value("reddit/tokens")
                break
        return token

    def _close(self, reason: str, why: str) -> None:
        if self._closing:
            return
        logger.error(
            "%s; the crawl ends. Check GLEANERY_REDDIT_CLIENT_ID and "
            "GLEANERY_REDDIT_CLIENT_SECRET. Reddit 인증이 거부되어 수집을 마칩니다.",
            why,
            extra={"spider": self.crawler.spider},
        )
        assert self.crawler.engine
        self._closing = asyncio.create_task(self.crawler.engine.close_spider_async(reason=reason))


def _held_back(request: Request) -> Request:
    meta = {k: v for k, v in request.meta.items() if k != "token_renewed"}
    return request.replace(dont_filter=True, meta=meta)

"""Let yt-dlp answer requests, with Scrapy as its network."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import scrapy
from scrapy import signals
from scrapy.http import TextResponse

from gleanery.errors import PlatformUnavailableError
from platforms.youtube.exchange import Reply, UnavailableError
from platforms.youtube.ytdlp import error_body

if TYPE_CHECKING:
    from concurrent.futures import Future

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from platforms.youtube.exchange import Asked
    from platforms.youtube.extractor import Extractor

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 600
"""Longest wait of a thread for one answer, its retries and the politeness delay included."""


class YtdlpMiddleware:
    """Downloader middleware: a request with ``meta["ytdlp"]`` is answered by yt-dlp.

    The request is one video or listing: it waits in the scheduler, is counted and de-duplicated as
    any other. yt-dlp works in a thread; each of *its* requests goes through the engine and all
    downloader middlewares, so that delay, retry, cache, proxy and address checks apply. This is a
    middleware and not a download handler, because here the request holds no download slot while it
    waits for the requests it causes: they cannot block one another.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.proxy = crawler.settings["YOUTUBE_PROXY"]
        self.extractor_args = crawler.settings.getdict("YOUTUBE_EXTRACTOR_ARGS")
        self.pool = ThreadPoolExecutor(
            crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") or 4, "ytdlp"
        )
        self.own = threading.local()
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def spider_closed(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def process_request(self, request: scrapy.Request) -> Response | None:
        """Answer what is marked for yt-dlp: 200 with metadata, 404 gone, 503 try later; JSON."""
        if "ytdlp" not in request.meta:
            return None
        loop = asyncio.get_running_loop()
        status, body = await loop.run_in_executor(
            self.pool, self._extract, request.url, request.meta["ytdlp"], loop
        )
        self.crawler.stats.inc_value("ytdlp/extracted" if status == 200 else "ytdlp/failed")
        return TextResponse(request.url, status=status, body=body, encoding="utf-8")

    def _extract(
        self, url: str, options: dict[str, Any], loop: asyncio.AbstractEventLoop
    ) -> tuple[int, bytes]:
        try:
            info = self._extractor(loop).extract(url, **options)
        except UnavailableError as error:
            return 404, error_body(error.reason, str(error))
        except PlatformUnavailableError as error:
            return 503, error_body("unreachable", str(error))
        return 200, json.dumps(info, ensure_ascii=False).encode("utf-8", "ignore")  # half a pair

    def _extractor(self, loop: asyncio.AbstractEventLoop) -> Extractor:
        """Return this thread's own; yt-dlp is not made for two threads."""
        if not hasattr(self.own, "extractor"):
            # it takes a second, which crawls of other platforms need not wait
            from platforms.youtube.extractor import Extractor  # noqa: PLC0415

            self.own.extractor = Extractor(
                lambda asked: self._send(asked, loop), self.extractor_args
            )
        extractor: Extractor = self.own.extractor
        return extractor

    def _send(self, asked: Asked, loop: asyncio.AbstractEventLoop) -> Reply:
        future = asyncio.run_coroutine_threadsafe(self._download(asked), loop)
        try:
            return _wait(future, loop)
        except Exception as error:
            future.cancel()
            text = str(error) or type(error).__name__
            raise PlatformUnavailableError(f"no answer from YouTube: {text}") from error

    async def _download(self, asked: Asked) -> Reply:
        meta = {"dont_obey_robotstxt": True, "give_up_log_level": logging.DEBUG}
        if self.proxy:
            meta["proxy"] = self.proxy
        request = scrapy.Request(
            asked.url,
            method=asked.method,
            headers=asked.headers,
            body=asked.body,
            meta=meta,
            dont_filter=True,
        )
        assert self.crawler.engine is not None
        response = await self.crawler.engine.download_async(request)
        self.crawler.stats.inc_value("ytdlp/requests")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
        ]
        return Reply(response.status, response.url, headers, response.body)


def _wait(future: Future[Reply], loop: asyncio.AbstractEventLoop) -> Reply:
    """Wait for the answer, and no longer than the loop runs: a stopped process must end."""
    for _ in range(PATIENCE_SECONDS):
        try:
            return future.result(timeout=1)
        except TimeoutError:
            if future.done() or not loop.is_running():
                raise
    raise TimeoutError(f"no answer in {PATIENCE_SECONDS} s")

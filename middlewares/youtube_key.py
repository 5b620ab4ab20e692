"""The key of the YouTube Data API, on the wire and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from gleanery.config import reveal

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

HEADER = "X-Goog-Api-Key"
"""Google's APIs take the key here as well as in ``key=``; an address ends up in logs and queues."""


class YoutubeKeyMiddleware:
    """Downloader middleware next to the downloader: adds the key, and takes it off again.

    So no queue on disk, cache, retry or redirect to another host ever sees it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.key = reveal(crawler.settings["YOUTUBE_API_KEY"])
        self.base = crawler.settings["YOUTUBE_API_URL"].rstrip("/") + "/"
        if not self.key:
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.url.startswith(self.base):
            request.headers[HEADER] = self.key

    async def process_response(self, request: Request, response: Response) -> Response:
        request.headers.pop(HEADER, None)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        request.headers.pop(HEADER, None)

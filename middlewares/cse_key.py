"""The key of the Custom Search API, on the wire and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from gleanery.config import reveal
from middlewares.youtube_key import YoutubeKeyMiddleware

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class CseKeyMiddleware(YoutubeKeyMiddleware):
    """The same for ``CSE_KEY`` and addresses below ``CSE_URL``."""

    def __init__(self, crawler: Crawler) -> None:
        self.key = reveal(crawler.settings["CSE_KEY"])
        self.base = crawler.settings["CSE_URL"] + "?"
        if not self.key:
            raise NotConfigured

"""Has every line of a crawl's log in JSON name the crawl and the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawlers.frontier.current import is_chosen
from crawlers.frontier.factory import place_of
from gleanery.json_log import note_facts

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class LogFacts:
    """Extension: says what is known once the spider is made."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        crawl = place_of(crawler).crawl if is_chosen(crawler.settings) else ""
        note_facts(job=crawler.settings.get("JOB") or "", crawl=crawl)
        return cls()

"""What a crawl did, in a file that outlives it: ``HOME/jobs/<spider>-<start>.json``."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


class JobReport:
    """Extension: writes close reason, arguments and stats when the spider closes."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.folder = Path(crawler.settings["HOME"]) / "jobs"
        self.report: dict[str, Any] | None = None
        """What was written, once the spider has closed."""
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Write the report."""
        stats = self.crawler.stats.get_stats()
        arguments = getattr(spider, "arguments", None)
        report: dict[str, Any] = {
            "spider": spider.name,
            "reason": reason,
            "arguments": arguments.model_dump(mode="json", exclude_defaults=True)
            if arguments
            else {},
            "stats": {key: _plain(value) for key, value in sorted(stats.items())},
        }
        start: datetime = stats["start_time"]  # set by Scrapy's CoreStats
        self.report = report
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{spider.name}-{start:%Y%m%dT%H%M%S%f}.json"
        path.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
        logger.info("Report of this crawl: %s", path, extra={"spider": spider})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

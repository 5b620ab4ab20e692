"""Log lines that carry an identity, never a body or a person's name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.http import Response
    from scrapy.logformatter import LogFormatterResult
    from twisted.python.failure import Failure


class QuietLogFormatter(LogFormatter):
    """Scrapy's formatter logs whole items; this one logs their identity."""

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _line(logging.DEBUG, "Scraped %(identity)s", item)

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        level = logging.getLevelName(getattr(exception, "log_level", None) or "INFO")
        return _line(level, "Dropped %(identity)s: %(reason)s", item, reason=exception)

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        return _line(logging.ERROR, "Error processing %(identity)s", item)


def _line(level: int, message: str, item: Any, **more: object) -> LogFormatterResult:
    identity = getattr(item, "identity", type(item).__name__)
    return {"level": level, "msg": message, "args": {"identity": identity, **more}}

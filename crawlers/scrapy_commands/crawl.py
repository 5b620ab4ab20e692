"""``scrapy crawl``, which tells what is wrong in one line."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as ScrapyCommand
from scrapy.exceptions import UsageError

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    import argparse

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


def ended_well(reason: str | None) -> bool:
    """Whether a spider that closed for ``reason`` did its work, or was asked to stop."""
    return reason in {"finished", "shutdown"} or str(reason).startswith(("max_", "closespider_"))


class Command(ScrapyCommand):
    """Scrapy's command, but an error of ours is a line instead of a traceback.

    Exit status: 0 done, 1 the spider had to give up (its close reason says why), 2 an argument or
    a setting is wrong, so that nothing began.
    """

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        if len(args) != 1:
            raise UsageError("give the name of one spider; `scrapy list` lists them")
        spiders = self.crawler_process.spider_loader
        if args[0] in spiders.list() and (
            arguments := getattr(spiders.load(args[0]), "Arguments", None)
        ):
            try:  # before the log starts: typing errors are the most common ones
                arguments.parse(args[0], opts.spargs)
            except GleaneryError as error:
                raise UsageError(str(error), print_help=False) from error
        # Scrapy 2.19's also warns of feeds that nobody exports; 2.16 has none
        create = getattr(self, "_create_crawler", self.crawler_process.create_crawler)
        crawler: Crawler = create(args[0])
        crawl = self.crawler_process.crawl(crawler, **opts.spargs)
        assert isinstance(crawl, asyncio.Task)
        crawl.add_done_callback(self._note_failure)
        self.crawler_process.start()
        if not self.exitcode and not ended_well(crawler.stats.get_value("finish_reason")):
            self.exitcode = 1

    def _note_failure(self, crawl: asyncio.Task[None]) -> None:
        if crawl.cancelled() or (error := crawl.exception()) is None:
            return
        if isinstance(error, GleaneryError):
            self.exitcode = 2
            logger.error("%s", error)
        else:
            self.exitcode = 1
            logger.error("The crawl did not start", exc_info=error)

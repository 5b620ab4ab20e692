"""``scrapy crawl``, with arguments checked before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as ScrapyCommand
from scrapy.exceptions import UsageError

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Prints one line instead of a traceback for a wrong argument; the exit status is 2."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        if len(args) == 1 and args[0] in self.crawler_process.spider_loader.list():
            spider = self.crawler_process.spider_loader.load(args[0])
            if arguments := getattr(spider, "Arguments", None):
                try:
                    arguments.parse(args[0], opts.spargs)
                except GleaneryError as error:
                    raise UsageError(str(error), print_help=False) from error
        super().run(args, opts)

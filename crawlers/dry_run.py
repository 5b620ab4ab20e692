"""What a crawl would ask for first, worked out by its own spider; nothing is fetched.

As a program (``python -m crawlers.dry_run``) it reads a job as JSON and answers with JSON, so that
whoever asked goes on, whatever a spider does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.misc import load_object

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.settings import Settings

MOST = 100
"""Requests that are shown."""
LONGEST = 2000
"""Characters of an address or a body that are shown."""
WARNINGS = 20
SECONDS = 15.0
"""Time for all of it."""
MEMORY = 4 << 30
"""Bytes of address space of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRequest:
    """A request that a crawl would begin with."""

    method: str
    url: str
    body: str
    seed: str
    """Label of the seed that it belongs to; empty = none."""
    depth: int
    max_depth: int | None
    callback: str
    """Name of the spider's method that would read the answer."""


@dataclass(slots=True, kw_only=True)
class DryRun:
    """The beginning of a crawl."""

    requests: list[FirstRequest] = field(default_factory=list)
    more: bool = False
    """Whether there are others after these."""
    revisit: int = 0
    """Stored items that would be visited first, at most; which ones is found when it begins."""
    warnings: list[str] = field(default_factory=list)
    """What the spider warned of, e.g. seeds that it leaves out."""


async def first_requests(spider: str, arguments: Mapping[str, str], settings: Settings) -> DryRun:
    """Let a spider begin, without an engine that could fetch anything.

    Args:
        spider: Its name.
        arguments: Of the spider.
        settings: Of the project, with those of the job laid over.

    Raises:
        ConfigError: An argument or a setting does not fit.
        TimeoutError: It takes longer than ``SECONDS``.
    """
    crawler = Crawler(SpiderLoader.from_settings(settings).load(spider), settings)
    crawler.stats = load_object(crawler.settings["STATS_CLASS"])(crawler)
    found, warned = DryRun(), _Warnings()
    logging.getLogger().addHandler(warned)
    try:
        async with asyncio.timeout(SECONDS):
            await _begin(crawler, arguments, found)
    finally:
        logging.getLogger().removeHandler(warned)
    found.warnings = warned.texts
    return found


async def _begin(crawler: Crawler, arguments: Mapping[str, str], found: DryRun) -> None:
    spider: Any = crawler.spidercls.from_crawler(crawler, **arguments)
    crawler.spider = spider
    own: Any = getattr(spider, "arguments", None)
    found.revisit = getattr(own, "revisit", 0)
    if found.revisit:  # to look them up would put them off
        spider.arguments = own.model_copy(update={"revisit": 0})
    async for output in spider.start():
        if not isinstance(output, Request):
            continue
        if len(found.requests) == MOST:
            found.more = True
            return
        found.requests.append(_shown(output))


def _shown(request: Request) -> FirstRequest:
    meta = request.meta
    return FirstRequest(
        method=request.method,
        url=request.url[:LONGEST],
        body=request.body[:LONGEST].decode("utf-8", "replace"),
        seed=str(meta.get("seed", "")),
        depth=int(meta.get("depth", 0)),
        max_depth=meta.get("max_depth"),
        callback=getattr(request.callback, "__name__", "parse"),
    )


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.texts) < WARNINGS:
            self.texts.append(record.getMessage()[:LONGEST])


def main() -> None:
    """Answer on stdout: a :class:`DryRun`, or ``error``; what a spider prints goes nowhere."""
    from scrapy.utils.project import get_project_settings  # noqa: PLC0415 - reads the environment

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asked = json.load(sys.stdin)
    settings = get_project_settings()
    settings.setdict(asked["settings"], priority="cmdline")
    try:
        done = asyncio.run(first_requests(asked["spider"], asked["arguments"], settings))
        text = json.dumps(asdict(done))
    except GleaneryError as error:
        text = json.dumps({"error": str(error)})
    except TimeoutError:
        text = json.dumps({"error": f"the spider took longer than {SECONDS:g} s (시간 초과)"})
    except Exception as error:
        text = json.dumps({"error": f"{type(error).__name__}: {error}"[:LONGEST]})
    answer.write(text)
    answer.flush()
    os._exit(0)  # a thread of a spider must not keep it


if __name__ == "__main__":
    main()

"""Run one spider in this process, watched."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gleanery.errors import ConfigError, GleaneryError
from gleanery.registry import choose

if TYPE_CHECKING:
    import asyncio

    from scrapy import Spider
    from scrapy.crawler import AsyncCrawlerProcess, Crawler
    from scrapy.settings import Settings

    from crawlers.dry_run import DryRun
    from gleanery.config import Config
    from spiders.base import SpiderArguments

Report = dict[str, Any]
"""``spider``, ``reason``, ``arguments``, ``stats``: what ``crawlers.job_report`` writes."""


class Watcher(Protocol):
    """Shows how a crawl goes; a context manager."""

    def watch(self, crawler: Crawler) -> None:
        """Connect to the crawl's signals."""

    def __enter__(self) -> object: ...
    def __exit__(self, *_: object) -> None: ...


def project_settings(config: Config, given: dict[str, str]) -> Settings:
    """Return the project's settings with ``given`` laid over, as ``scrapy crawl -s`` does."""
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("crawlers.settings", priority="project")
    if "log_level" not in config.model_fields_set:
        settings.set("LOG_LEVEL", "WARNING", priority="project")  # the watcher tells the rest
    settings.setdict(given, priority="cmdline")
    return settings


def spider_class(settings: Settings, name: str) -> type[Spider]:
    """Return the spider of platform ``name``.

    Raises:
        RegistryError: There is none; the message lists those there are.
    """
    from scrapy.spiderloader import SpiderLoader

    loader = SpiderLoader.from_settings(settings)
    return choose(name, {n: loader.load(n) for n in loader.list()}, kind="platform")


def arguments_of(spider: type[Spider]) -> type[SpiderArguments]:
    """Return the model of a spider's ``-a`` arguments."""
    from spiders.base import SpiderArguments

    return getattr(spider, "Arguments", SpiderArguments)


def run_crawl(
    name: str, arguments: dict[str, str], *, settings: Settings, watcher: Watcher
) -> Report:
    """Crawl until done, and return the job report.

    Raises:
        ConfigError: An argument, a credential or a switch is missing or wrong.
        GleaneryError: The spider did not open.
    """
    from scrapy.crawler import AsyncCrawlerProcess

    spider = spider_class(settings, name)
    arguments_of(spider).parse(name, arguments)  # typing errors: before anything starts
    with watcher:  # first, so that log lines go through it
        process = AsyncCrawlerProcess(settings)
        crawler = process.create_crawler(spider)
        watcher.watch(crawler)
        _finish(process, process.crawl(crawler, **arguments))
    report = _report_of(crawler)
    if report["reason"] == "finished" and (queue := settings.get("JOBDIR")):
        shutil.rmtree(queue)  # what is done cannot be resumed; a stopped job keeps its queue
    return report


def first_requests(name: str, arguments: dict[str, str], *, settings: Settings) -> DryRun:
    """Return what a crawl would ask for first; nothing is fetched.

    Raises:
        ConfigError: An argument, a credential or a switch is missing or wrong.
        GleaneryError: The spider takes too long to begin.
    """
    import asyncio

    from crawlers.dry_run import first_requests as begin

    spider_class(settings, name)  # a wrong name is told before
    try:
        return asyncio.run(begin(name, arguments, settings))
    except TimeoutError as error:
        raise GleaneryError("The spider takes too long to begin (시간 초과)") from error


def _finish(process: AsyncCrawlerProcess, crawl: asyncio.Task[None]) -> None:
    failed: list[BaseException] = []

    def note(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()):
            failed.append(error)

    crawl.add_done_callback(note)
    process.start()
    if not failed:
        return
    if isinstance(failed[0], GleaneryError):
        raise failed[0]
    raise GleaneryError(f"The crawl did not start: {failed[0]!r}") from failed[0]


def _report_of(crawler: Crawler) -> Report:
    from crawlers.job_report import JobReport

    extension = crawler.get_extension(JobReport)
    if not isinstance(extension, JobReport) or extension.report is None:
        raise GleaneryError("The crawl ended before its spider was open")
    return extension.report


def queue_folder(home: Path, job: str) -> Path:
    """Return where the queue of the resumable job ``job`` is kept.

    Raises:
        ConfigError: The name could lead out of the folder.
    """
    if not job.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"--job {job!r}: use letters, digits, - and _ only")
    return home / "queues" / job

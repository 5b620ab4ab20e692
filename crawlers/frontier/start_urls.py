"""The start-URL protocol of scrapy-redis: seeds written into Redis while a crawl runs."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from inspect import isasyncgen
from typing import TYPE_CHECKING, Any, Self, cast

from scrapy import FormRequest, Request, Spider
from scrapy.exceptions import NotConfigured

from crawlers.frontier.current import current_scheduler, is_chosen
from crawlers.frontier.factory import connect
from gleanery.errors import ConfigError, FrontierUnavailableError, GleaneryError
from items import Seed, to_seed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawlers.frontier.exchanger import Exchanger
    from crawlers.frontier.seed_inbox import SeedInbox, TakenSeed

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
BATCH = 16
"""Seeds taken at once; they are lost to other workers for as long as this one turns them over."""


class StartUrlsMiddleware:
    """Lengthens a spider's ``start()`` by the seeds that arrive in ``<spider>:start_urls``.

    Switched on by ``FRONTIER_START_URLS``. The crawl then ends when nothing was queued or under way
    in any worker for ``FRONTIER_IDLE_SECONDS``. Nothing blocks here, as scrapy-redis' mixin does.
    """

    def __init__(self, crawler: Crawler, inbox: SeedInbox) -> None:
        self.crawler = crawler
        self.inbox = inbox
        self._queued: list[tuple[int, TakenSeed]] = []
        self._away = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("FRONTIER_START_URLS"):
            raise NotConfigured
        if not is_chosen(settings):
            raise ConfigError(
                "FRONTIER_START_URLS needs SCHEDULER=crawlers.frontier.scheduler.FrontierScheduler"
                " (공유 프런티어가 필요합니다)"
            )
        if not settings["REDIS_URL"]:
            raise ConfigError(
                "FRONTIER_START_URLS needs GLEANERY_REDIS_URL (Redis 주소가 없습니다)"
            )
        spider = cast("Spider", crawler.spider)
        key = getattr(spider, "redis_key", None) or settings["REDIS_START_URLS_KEY"]
        key = (key or "%(name)s:start_urls") % {"name": spider.name}
        return cls(crawler, _inbox(settings, key))

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for output in start:
            yield output
        logger.info("Waiting for seeds in %s", self.inbox.key, extra=self._extra)
        try:
            while not self._is_over():
                seeds = await self._take()
                for seed in seeds:
                    requests = await self._read(seed)
                    for request in requests:
                        yield request  # when we are called again, it is in the scheduler
                    if requests:
                        self._queued.append((self._exchanger.mark(), seed))
                if not seeds:
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await self.inbox.close()

    @property
    def _extra(self) -> dict[str, Any]:
        return {"spider": self.crawler.spider}

    async def _take(self) -> list[TakenSeed]:
        try:
            stored = [seed for mark, seed in self._queued if self._exchanger.is_stored(mark)]
            await self.inbox.acknowledge(stored)
            self._queued = [row for row in self._queued if row[1] not in stored]
            seeds = await self.inbox.take(BATCH)
        except FrontierUnavailableError as error:
            if not self._away:
                logger.warning("%s", error, extra=self._extra)
            self._away = True
            return []
        self._away = False
        return seeds

    async def _read(self, seed: TakenSeed) -> list[Request]:
        """Turn a seed into requests; what cannot be read is parked."""
        spider = cast("Spider", self.crawler.spider)
        try:
            requests = await requests_of(seed.text, spider)
        except (GleaneryError, ValueError, TypeError) as error:
            logger.warning(
                "No seed, put into %s: %.100r: %s", self.inbox.bad_key, seed.text, error,
                extra=self._extra,
            )  # fmt: skip
            self.crawler.stats.inc_value("start_urls/bad")
            with suppress(FrontierUnavailableError):  # then it is taken anew, and parked
                await self.inbox.park(seed)
            return []
        self.crawler.stats.inc_value("start_urls/taken")
        return requests

    @property
    def _exchanger(self) -> Exchanger:
        """Says when what was scheduled is in the frontier."""
        return current_scheduler(self.crawler).exchanger

    def _is_over(self) -> bool:
        """Whether nothing is left; the scheduler waits by itself before it says so."""
        engine = self.crawler.engine
        if engine is None or engine._slot is None or engine.scraper.slot is None:
            return False
        return not (
            self._queued
            or engine.downloader.active
            or not engine.scraper.slot.is_idle()
            or engine._slot.scheduler.has_pending_requests()
        )


async def requests_of(text: bytes, spider: Any) -> list[Request]:
    """Read a seed: an address, ``{"url": …}`` as scrapy-redis takes it, or one of ours.

    Ours is ``{"platform", "kind", "value"}`` and, if wanted, ``category``, ``max_depth``,
    ``options``. Each is fetched even if it was fetched before, as scrapy-redis has it.

    Raises:
        ConfigError: It is none of these, or does not fit the spider.
        ValueError: It is no text in UTF-8, or its address is malformed.
    """
    written = text.decode()
    try:
        row = json.loads(written)
    except json.JSONDecodeError:
        row = {"url": written.strip()}
    if isinstance(row, dict) and "platform" in row:
        requests = await _from_seed(_checked(to_seed(row, "start URL"), spider), spider)
    elif own := getattr(spider, "make_request_from_data", None):
        requests = _listed(own(text))
    elif isinstance(row, dict) and isinstance(row.get("url"), str):
        requests = await _from_address(row, spider)
    else:
        raise ConfigError("expected an address, or JSON with url, or with platform, kind, value")
    if not requests:
        raise ConfigError("it gives no request")
    for request in requests:
        request.dont_filter = True
    return requests


def _checked(seed: Seed, spider: Any) -> Seed:
    arguments = getattr(spider, "Arguments", None)
    if arguments is None or seed.platform != getattr(spider, "platform", None):
        raise ConfigError(f"{spider.name} takes no seed of {seed.platform}")
    if seed.kind not in arguments.SEED_KINDS:
        raise ConfigError(f"{seed.platform} knows {', '.join(arguments.SEED_KINDS)}")
    if seed.kind in arguments.FILE_KINDS and "://" not in seed.value:
        raise ConfigError(f"{seed.kind} from outside must be an address, not a file")
    return seed


async def _from_seed(seed: Seed, spider: Any) -> list[Request]:
    outputs = [output async for output in spider.start_from(seed)]
    return [output for output in outputs if isinstance(output, Request)]


async def _from_address(row: dict[str, Any], spider: Any) -> list[Request]:
    url, method, meta = row.pop("url"), row.pop("method", "GET"), row.pop("meta", {})
    if seed := getattr(spider, "seed_of", lambda _: None)(url):
        return await _from_seed(seed, spider)
    if type(spider).parse is Spider.parse:
        raise ConfigError(_cannot_start(spider))
    request = FormRequest(url, method=method.upper(), formdata=row, meta=meta)
    if begin := getattr(spider, "begin", None):
        begin(request, Seed(platform=spider.platform, kind="url", value=url))
    return [request]


def _cannot_start(spider: Any) -> str:
    arguments = getattr(spider, "Arguments", None)
    if arguments is None:
        return f"{spider.name} has no parse() to start from an address"
    named = {"platform": spider.platform, "kind": arguments.SEED_KINDS[0], "value": "…"}
    return (
        f"{spider.name} takes addresses of {', '.join(arguments.ADDRESS_KINDS)}; write others as"
        f" {json.dumps(named, ensure_ascii=False)}, kind one of {', '.join(arguments.SEED_KINDS)}"
    )


def _listed(made: Request | Iterable[Request] | None) -> list[Request]:
    """What ``make_request_from_data`` of a scrapy-redis spider may return."""
    if isasyncgen(made):
        raise ConfigError("make_request_from_data must not be an async generator")
    return [made] if isinstance(made, Request) else list(made or [])


def _inbox(settings: BaseSettings, key: str) -> SeedInbox:
    # redis belongs to the extra `server`: a crawl without it must not need it
    from crawlers.frontier.seed_inbox import SeedInbox  # noqa: PLC0415

    return SeedInbox(connect(settings), key)

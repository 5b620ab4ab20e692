"""Scrapy's scheduler over the frontier in Redis: many workers, one crawl, nothing lost."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from scrapy import signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.settings import BaseSettings
from scrapy.utils.defer import deferred_from_coro
from scrapy_redis.connection import get_redis_from_settings

from crawlers.frontier.codec import decode_request, encode_request
from crawlers.frontier.queue import Answer, HostRule, Lease, Push, RedisQueue
from gleanery.errors import FrontierError, FrontierGoneError
from gleanery.urls import host_of

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

logger = logging.getLogger(__name__)

AWAY = (RedisConnectionError, RedisTimeoutError, OSError)
RECENT = 100_000
"""Fingerprints that each worker remembers, to spare Redis the commonest repeats."""
LINGER_SECONDS = 0.003
"""Wait for more acks and children before an exchange that nobody is starving for."""


class FrontierScheduler(BaseScheduler):
    """Leases requests from Redis in batches and acknowledges each once its items are stored.

    The hooks that the engine calls are synchronous and touch local buffers only; one task
    exchanges batches with Redis. While Redis is away the buffers fill up to their bound and the
    crawl pauses.
    """

    def __init__(self, crawler: Crawler, queue: RedisQueue) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.stats = crawler.stats
        self.queue = queue
        self.high = settings.getint("FRONTIER_PREFETCH") or 2 * settings.getint(
            "CONCURRENT_REQUESTS"
        )
        self.low = self.high // 2
        self.bound = settings.getint("CONCURRENT_REQUESTS")
        self.idle_seconds = settings.getfloat("FRONTIER_IDLE_SECONDS")
        self._ready: deque[tuple[Lease, Request]] = deque()
        self._held: dict[Request, str] = {}
        self._failed: set[Request] = set()
        self._ended: list[tuple[str, str]] = []
        self._ending = 0
        self._pushes: list[Push] = []
        self._hosts: list[HostRule] = []
        self._recent: dict[bytes, None] = {}
        self._answer = Answer(queued=1)  # until the first one comes, the crawl is not over
        self._quiet_since: float | None = None
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = BaseSettings(crawler.settings.copy_to_dict())
        parameters = settings.getdict("REDIS_PARAMS") | {"redis_cls": "redis.asyncio.Redis"}
        settings.set("REDIS_PARAMS", parameters)
        redis = get_redis_from_settings(settings)
        worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        assert crawler.spider is not None
        queue = RedisQueue(
            redis,
            settings["FRONTIER_CRAWL"] or crawler.spider.name,
            worker,
            lease_seconds=settings.getfloat("FRONTIER_LEASE_SECONDS"),
            max_attempts=settings.getint("FRONTIER_MAX_ATTEMPTS"),
            delay_ms=int(settings.getfloat("DOWNLOAD_DELAY") * 1000),
            strict=settings["FRONTIER_ORDER"] == "strict",
        )
        return cls(crawler, queue)

    # --- what the engine calls
    def open(self, spider: Spider) -> Deferred[None]:
        self.spider = spider
        return deferred_from_coro(self._open())

    def close(self, reason: str) -> Deferred[None]:
        return deferred_from_coro(self._close())

    def enqueue_request(self, request: Request) -> bool:
        """Buffer the request; ``False`` if this worker has seen it a moment ago."""
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request)
        if not request.dont_filter and fingerprint in self._recent:
            self.stats.inc_value("frontier/repeated")
            return False
        try:
            body = encode_request(request, self.spider)
        except ValueError as error:
            logger.error("Cannot queue: %s", error, extra={"spider": self.spider})
            self.stats.inc_value("frontier/unserializable")
            return False
        self._remember(fingerprint)
        self._pushes.append(
            Push(
                fingerprint=fingerprint,
                depth=request.meta.get("depth", 0),
                host=request.meta.get("download_slot") or host_of(request.url),
                body=body,
                known=request.dont_filter,
            )
        )
        self._wake.set()
        return True

    def next_request(self) -> Request | None:
        """Return a leased request, or ``None`` while none is here."""
        if len(self._ready) <= self.low:
            self._wake.set()
        if not self._ready or self._unacknowledged() >= self.bound:
            return None
        lease, request = self._ready.popleft()
        self._held[request] = lease.id
        return request

    def _unacknowledged(self) -> int:
        """Requests that would be repeated if this worker were killed now."""
        return len(self._held) + len(self._ended) + self._ending

    def has_pending_requests(self) -> bool:
        return bool(self._ready or self._held or self._pushes or self._ended or not self._is_over())

    # --- a request's end
    def finish_request(self, request: Request) -> None:
        """Note that the engine is done with ``request`` (as scrapy#7978 plans to call it)."""
        lease_id = self._held.pop(request, None)
        if lease_id is None:
            return  # robots.txt and other requests that were never leased
        failed = request in self._failed
        self._failed.discard(request)
        self._ended.append((lease_id, "fail" if failed else "done"))
        self.stats.inc_value("frontier/failed" if failed else "frontier/done")
        self._wake.set()

    def _note_failure(self, response: Response | None) -> None:
        if response is not None and response.request is not None:
            self._failed.add(response.request)

    def _hook_engine(self) -> None:
        """Learn of each request's end: Scrapy 2.19 has no public signal for it."""
        assert self.crawler.engine is not None
        slot = self.crawler.engine._slot
        assert slot is not None
        remove_request = slot.remove_request

        def removed(request: Request) -> None:
            self.finish_request(request)
            remove_request(request)

        slot.remove_request = removed  # type: ignore[method-assign]
        for signal in (signals.item_error, signals.spider_error):
            self.crawler.signals.connect(self._note_failure, signal)

    # --- the task that talks to Redis
    async def _open(self) -> None:
        self._hook_engine()
        while True:
            try:
                await self.queue.open()
                await self._exchange()
                break
            except AWAY as error:
                logger.warning("Redis is away, waiting for it: %s", error)
                await asyncio.sleep(1)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        beat = min(2.0, self.queue.lease_seconds / 4)
        while not self._closing:
            timeout = beat if self._ready else self._pause()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout)
            self._wake.clear()
            await asyncio.sleep(LINGER_SECONDS if self._ready else 0)
            try:
                await self._exchange()
            except AWAY as error:
                await self._wait_for_redis(error)
            except FrontierError as error:
                await self._give_up(error)
                return

    def _pause(self) -> float:
        """Seconds to sleep when nothing is at hand: until a host is free, or for a new seed."""
        free_in = self._answer.free_in_ms
        return min(free_in / 1000 + 0.001, 0.25) if free_in >= 0 else 0.1

    async def _exchange(self) -> None:
        ended, self._ended = self._ended, []
        pushes, self._pushes = self._pushes, []
        hosts, self._hosts = self._hosts, []
        want = 0 if self._closing else max(0, self.high - len(self._ready))
        self._ending = len(ended)
        try:
            answer = await self.queue.exchange(want=want, ended=ended, pushes=pushes, hosts=hosts)
        except AWAY:
            self._ending = 0
            self._ended, self._pushes = ended + self._ended, pushes + self._pushes
            self._hosts = hosts + self._hosts
            raise
        self._ending = 0
        self._take(answer, ended=bool(ended))

    def _take(self, answer: Answer, *, ended: bool) -> None:
        self._answer = answer
        self.stats.inc_value("frontier/exchanges")
        for lease in answer.leases:
            self._accept(lease)
        if not answer.complete or self._pushes or self._ended:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = asyncio.get_running_loop().time()
        engine = self.crawler.engine
        if (
            (answer.leases or ended or self._is_over())
            and engine is not None
            and engine._slot is not None
        ):
            engine._slot.nextcall.schedule()

    def _accept(self, lease: Lease) -> None:
        try:
            request = decode_request(lease.body, self.spider)
        except FrontierError as error:
            logger.error("Parked: %s", error, extra={"spider": self.spider})
            self._ended.append((lease.id, "dead"))
            self.stats.inc_value("frontier/unreadable")
            return
        self._ready.append((lease, request))

    def _is_over(self) -> bool:
        if self._quiet_since is None:
            return False
        return asyncio.get_running_loop().time() - self._quiet_since >= self.idle_seconds

    def _remember(self, fingerprint: bytes) -> None:
        self._recent[fingerprint] = None
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    async def _wait_for_redis(self, error: Exception) -> None:
        """Repeat what was sent until Redis answers, then fetch the leases of lost answers."""
        logger.warning("Redis is away, the crawl pauses: %s", error, extra={"spider": self.spider})
        self.stats.inc_value("frontier/redis_away")
        while not self._closing:
            await asyncio.sleep(0.5)
            try:
                await self._exchange()
                held = {lease.id for lease, _ in self._ready} | set(self._held.values())
                for lease in await self.queue.recover(held | {i for i, _ in self._ended}):
                    self._accept(lease)
            except AWAY:
                continue
            except FrontierError as gone:
                await self._give_up(gone)
            else:
                logger.info("Redis is back", extra={"spider": self.spider})
            return

    async def _give_up(self, error: FrontierError) -> None:
        reason = "frontier_gone" if isinstance(error, FrontierGoneError) else "frontier_refused"
        logger.error("%s", error, extra={"spider": self.spider})
        assert self.crawler.engine is not None
        self._stopping = asyncio.create_task(self.crawler.engine.close_spider_async(reason=reason))

    async def _close(self) -> None:
        """Give back what was not begun; never delete anything."""
        self._closing = True
        self._wake.set()
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)
        self._ended += [(lease.id, "back") for lease, _ in self._ready]
        self._ready.clear()
        try:
            await self._exchange()
            await self.queue.leave()
        except (*AWAY, FrontierError) as error:
            logger.warning("Leases are given back when they expire: %s", error)
        await self.queue.redis.aclose()

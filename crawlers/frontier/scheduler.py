"""Scrapy's scheduler over the frontier: many workers, one crawl, nothing lost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.utils.defer import deferred_from_coro

from crawlers.frontier.codec import decode_request, encode_request
from crawlers.frontier.engine import leave_delays_to_frontier, look_again, on_request_end
from crawlers.frontier.exchanger import Exchanger
from crawlers.frontier.factory import budget_of, make_queue, say_what_is_left
from crawlers.frontier.politeness import rule_of
from crawlers.frontier.protocol import HostRule, Push, Speed
from crawlers.frontier.recent import Recent
from crawlers.frontier.shares import HostShares
from gleanery.close_reasons import did_its_work
from gleanery.errors import FrontierError
from gleanery.signals import children_ready, speed_changed
from gleanery.urls import host_of

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

    from crawlers.frontier.protocol import FrontierQueue, Lease

logger = logging.getLogger(__name__)

RECENT = 100_000
"""Fingerprints that each worker remembers, to spare the queue the commonest repeats."""


class FrontierScheduler(BaseScheduler):
    """Leases requests in batches and acknowledges each once its items are stored.

    A request's children are kept back until it ends, and are queued in the very step that
    acknowledges it. If its callback or the storing of an item fails, they are thrown away and the
    request is tried again. The hooks below are synchronous and touch local buffers only; the
    :class:`Exchanger` talks to the queue.
    """

    def __init__(self, crawler: Crawler, queue: FrontierQueue) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.stats = crawler.stats
        self.user_agent = settings["USER_AGENT"]
        self.throttled = settings.getbool("AUTOTHROTTLE_ENABLED")
        self.delay_ms = round(settings.getfloat("DOWNLOAD_DELAY") * 1000)
        self.strict = settings["FRONTIER_ORDER"] == "strict"
        self.shares = HostShares(settings)
        self.speed, self.bound = Speed(), self.shares.own_total
        self._held: dict[Request, str] = {}
        self._fetching: dict[Request, str] = {}
        self._undone: dict[Request, str] = {}
        self._children: dict[str | None, list[Request]] = {}
        self._recent: Recent[bytes, int] = Recent(RECENT)
        self._repeated = 0
        self._delays: dict[str, int] = {}
        self.exchanger = Exchanger(
            queue,
            crawler.stats,
            shares=self.shares,
            # a file has no workers elsewhere, and no feeder, for which one would have to wait
            idle_seconds=settings.getfloat("FRONTIER_IDLE_SECONDS") if settings["REDIS_URL"] else 0,
            budget=budget_of(settings),
            capacity=self._capacity,
            held=self._held.values,
            on_change=partial(look_again, crawler),
            on_speed=self._change_speed,
            on_end=self._end,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, make_queue(crawler))

    # --- what the engine calls
    def open(self, spider: Spider) -> Deferred[None]:
        self.spider = spider
        self._connect()
        if not self.throttled:
            leave_delays_to_frontier(self.crawler, spider)
        return deferred_from_coro(self._join())

    def close(self, reason: str) -> Deferred[None]:
        self._count_repeated()
        return deferred_from_coro(self.exchanger.close(ended=did_its_work(reason)))

    def has_pending_requests(self) -> bool:
        return bool(self._held) or self.exchanger.has_work()

    def enqueue_request(self, request: Request) -> bool:
        """Keep the request until its parent ends; ``False`` if it cannot or need not be queued."""
        if self._is_recent(request, request.meta.get("depth", 0)):
            return False
        siblings = self._children.get(request.meta.get("parent"))
        if siblings is None:  # a seed, a redirect, or a spider without ``middlewares.lineage``
            self.exchanger.outbox.orphans += 1
            return self._push(request)
        siblings.append(request)
        return True

    def turns_down(self, request: Request) -> bool:
        """Whether :meth:`enqueue_request` would, as soon as the spider has yielded it.

        Its depth is not known then, and relaxed order has to wait for that.
        """
        return self.strict and self._is_recent(request)

    def next_request(self) -> Request | None:
        """Return a leased request, or ``None`` while none is here."""
        while self._capacity() > 0 and not self.exchanger.is_full():
            lease = self.exchanger.take()
            if lease is None:
                return None
            if request := self._read(lease):
                self._held[request] = lease.id
                self._fetching[request] = lease.host
                self.shares.start(lease.host)
                request.meta["lease"] = lease.id  # a page may be under way twice, on two ways
                self._children[lease.id] = []
                return request
        self.exchanger.wake()
        return None

    # --- a request's end
    def finish_request(self, request: Request) -> None:
        """Note that the engine is done with ``request`` (as scrapy#7978 plans to call it)."""
        lease_id = self._held.pop(request, None)
        if lease_id is None:
            return  # robots.txt and other requests that were never leased
        self._count_repeated()
        self._note_fetched(request)
        outcome = self._undone.pop(request, "done")
        children = self._children.pop(lease_id, [])
        if outcome == "done":
            self.crawler.signals.send_catch_log(children_ready, parent=request, children=children)
            pushed = [self._push(child) for child in children]
            if any(pushed):
                self.exchanger.outbox.parents.add(lease_id)
        self.exchanger.outbox.ended.append((lease_id, outcome))
        self.stats.inc_value("frontier/failed" if outcome == "fail" else f"frontier/{outcome}")
        self.exchanger.wake()

    async def _join(self) -> None:
        """Wait for the queue, and say whether there was something to go on with."""
        say_what_is_left(self.crawler, await self.exchanger.open())

    def _connect(self) -> None:
        on_request_end(self.crawler, self.finish_request)
        connect = self.crawler.signals.connect
        connect(self._note_failure, signals.item_error)
        connect(self._note_failure, signals.spider_error)
        connect(self._note_drop, signals.item_dropped)
        connect(self._note_item, signals.item_scraped)
        connect(self._note_response, signals.response_received)
        connect(self._note_start, signals.request_reached_downloader)

    def _note_failure(self, response: Response | None) -> None:
        if response is not None and response.request is not None:
            self._undone[response.request] = "fail"

    def _note_drop(self, response: Response | None, exception: Exception) -> None:
        """Put a request back if this run wants no more items: another is to have them."""
        if getattr(exception, "untried", False) and response is not None and response.request:
            self._undone.setdefault(response.request, "back")

    def _note_item(self) -> None:
        self.exchanger.outbox.items += 1

    def _note_start(self, request: Request) -> None:
        """Count a host's delay from the moment its request is sent, not from its lease."""
        if request not in self._held:
            return
        host = self._fetching.get(request) or _host(request)
        if delay := self._delay_of(host):
            self.exchanger.outbox.hosts.append(HostRule(host=host, not_before_ms=delay))
            self.exchanger.wake()

    def _note_response(self, response: Response, request: Request) -> None:
        self.exchanger.outbox.size += len(response.body)
        host = self._note_fetched(request) or _host(request)
        self.shares.answer(host)
        if rule := rule_of(response, host, user_agent=self.user_agent):
            self._learn(rule)
        elif self.throttled and self.crawler.engine:
            slot = self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
            if slot is not None and slot.delay:
                delay = round(slot.delay * 1000)
                self._learn(HostRule(host=host, delay_ms=delay))

    def _note_fetched(self, request: Request) -> str | None:
        host = self._fetching.pop(request, None)
        if host is not None:  # empty for a ``file:`` address
            self.shares.end(host)
        return host

    def _learn(self, rule: HostRule) -> None:
        known = self._delay_of(rule.host)
        if rule.not_before_ms > 0 or (rule.delay_ms > 0 and not known):
            self.exchanger.give_back(rule.host)  # leased at a pace that holds no longer
        if rule.delay_ms >= 0:
            self._delays[rule.host] = rule.delay_ms
        self.exchanger.outbox.hosts.append(rule)
        self.exchanger.wake()

    def _delay_of(self, host: str) -> int:
        """Return the ms between two requests to a host."""
        if self.speed.delay_ms < 0:
            return self._delays.get(host, self.delay_ms)
        return max(self._delays.get(host, 0), self.speed.delay_ms)

    def _change_speed(self, speed: Speed) -> None:
        """Keep to a speed that somebody has set; what was leased at the old one goes back."""
        logger.info("Speed: %s", speed, extra={"spider": self.spider})
        self.speed, self.bound = speed, speed.concurrency or self.shares.own_total
        self.shares.resize(self.bound)
        queue = self.exchanger.queue
        queue.rules = replace(queue.rules, share=self.shares.share)
        self.exchanger.give_back()
        self.crawler.signals.send_catch_log(
            speed_changed, total=self.bound, domain=self.shares.running
        )

    # --- inside
    def _capacity(self) -> int:
        """How many requests could start now; bounds what a kill would make us repeat."""
        return self.bound - len(self._held) - self.exchanger.unacknowledged()

    def _push(self, request: Request) -> bool:
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request)
        pruned = request.meta.pop("pruned", False)
        try:
            body = encode_request(request, self.spider)
        except ValueError as error:
            logger.error("Cannot queue: %s", error, extra={"spider": self.spider})
            self.stats.inc_value("frontier/unserializable")
            return False
        path = [node for node in request.meta.get("path", "").split(",") if node]
        if pruned:
            self.exchanger.outbox.pruned.append(path[-1])
        self._recent[fingerprint] = request.meta.get("depth", 0)
        self.exchanger.outbox.pushes.append(
            Push(
                fingerprint=fingerprint,
                depth=request.meta.get("depth", 0),
                host=_host(request),
                body=body,
                path=path,
                known=request.dont_filter,
            )
        )
        self.exchanger.wake()
        return True

    def _count_repeated(self) -> None:
        if self._repeated:
            self.stats.inc_value("frontier/repeated", self._repeated)
            self._repeated = 0

    def _read(self, lease: Lease) -> Request | None:
        try:
            return decode_request(lease.body, self.spider)
        except FrontierError as error:
            logger.error("Parked: %s", error, extra={"spider": self.spider})
            self.exchanger.outbox.ended.append((lease.id, "dead"))
            self.stats.inc_value("frontier/unreadable")
            return None

    def _is_recent(self, request: Request, depth: int = 0) -> bool:
        if request.dont_filter:
            return False
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request)
        known = self._recent.get(fingerprint)
        if known is None or (depth < known and not self.strict):
            return False
        self._repeated += 1
        return True

    def _end(self, reason: str) -> None:
        assert self.crawler.engine is not None
        self._ending = asyncio.create_task(self.crawler.engine.close_spider_async(reason=reason))


def _host(request: Request) -> str:
    """Whom politeness counts by: the spider's own word for it, else the host name."""
    return str(request.meta.get("politeness_key") or host_of(request.url))

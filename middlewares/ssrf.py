"""Refuse addresses that a crawled page must not make us fetch (server-side request forgery)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from gleanery.addresses import check_networks, is_local_name, is_refused, literal_address

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
MAX_WARNINGS = 50
"""Refusals told as warnings in one crawl; the others at DEBUG, since a page may hold thousands."""


class AddressMiddleware:
    """Lets only http(s) to public hosts pass, and tells why another request is not sent.

    Its place is after every middleware that sets a proxy, next to the downloader. Names are checked
    where they are resolved (``crawlers.resolver.GuardedResolver``); this middleware installs that
    resolver where the program that runs the crawl has not, and words its refusals. Through a proxy
    the proxy resolves names: then literals and local names are refused here. Redirects, robots.txt
    and what other middlewares ask come through here as well.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.allowed: tuple[str, ...] = tuple(crawler.settings.getlist("ALLOWED_ADDRESSES"))
        check_networks(self.allowed)
        own = crawler.settings.getdict("DOWNLOAD_HANDLERS")
        self.schemes = {"http", "https"} | {scheme for scheme, handler in own.items() if handler}
        self._resolver: Any = None
        self._told = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or raise ``IgnoreRequest``."""
        parts = urlparse_cached(request)
        if parts.scheme not in self.schemes:
            self._refuse(request, f"addresses of scheme {parts.scheme!r} are not fetched")
        if parts.scheme not in ("http", "https"):
            return
        if self._is_own_service(request):
            return
        host = (parts.hostname or "").lower()
        literal = literal_address(host)
        if literal is not None and is_refused(literal, self.allowed):
            self._refuse(request, f"{literal} is no public address")
        if literal is None and self._is_hidden(host, proxied=bool(request.meta.get("proxy"))):
            self._refuse(request, f"{host!r} is a local name")

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Say that a name was refused, where the resolver gave none of its addresses."""
        host = (urlparse_cached(request).hostname or "").lower()
        if not isinstance(exception, CannotResolveHostError) or request.meta.get("proxy"):
            return
        address = self._guard().refused.get(host)
        if address:
            self._refuse(request, f"{host!r} is {address}, which is no public address")

    def _is_own_service(self, request: Request) -> bool:
        """Whether a spider of ours asks a service whose address the operator set.

        Such requests skip robots.txt, which links of crawled pages never do; so a page cannot make
        us ask that service for anything, though it may be the operator's own, on a private address.
        """
        parts = urlparse_cached(request)
        if not request.meta.get("dont_obey_robotstxt") or parts.path == "/robots.txt":
            return False
        return parts.netloc.rpartition("@")[2].lower() in self._guard().services

    def _is_hidden(self, host: str, *, proxied: bool) -> bool:
        """Return whether a name must not be asked of a proxy, or is one of the operator's own."""
        if proxied:
            return is_local_name(host) and is_refused(LOOPBACK, self.allowed)
        return host in self._guard().private

    def _refuse(self, request: Request, reason: str) -> None:
        """Raise ``IgnoreRequest``; a robots.txt is passed over in silence, its page comes next."""
        asked_for_rules = request.meta.get("dont_obey_robotstxt") and (
            urlparse_cached(request).path == "/robots.txt"
        )
        if not asked_for_rules:
            self._told += 1
            level = logging.WARNING if self._told <= MAX_WARNINGS else logging.DEBUG
            spider = self.crawler.spider
            logger.log(level, "Refused %s: %s", request.url, reason, extra={"spider": spider})
            self.crawler.stats.inc_value("ssrf/refused")
        raise IgnoreRequest(f"refused: {reason}")

    def _guard(self) -> Any:
        """Return the guarded resolver, installed by now whoever runs the crawl."""
        if self._resolver is None:
            from twisted.internet import reactor

            installed: Any = reactor.nameResolver
            if not hasattr(installed, "refused"):
                cls = load_object(self.crawler.settings["TWISTED_DNS_RESOLVER"])
                installed = build_from_crawler(cls, self.crawler, reactor=reactor)
                installed.install_on_reactor()
            self._resolver = installed
        return self._resolver

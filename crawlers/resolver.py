"""Name resolution that leaves out addresses we must not talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostResolution, IResolutionReceiver
from zope.interface import implementer

from gleanery.addresses import check_networks, is_refused
from gleanery.config import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.internet.base import ReactorBase
    from twisted.internet.interfaces import IAddress

SERVICES = (
    "reddit_url",
    "reddit_oauth_url",
    "google_news_url",
    "cse_url",
    "searxng_url",
    "youtube_api_url",
)
"""Settings that say where a platform answers."""
MAX_REMEMBERED = 10_000
"""Refused names that are remembered for the message about them."""


class GuardedResolver(CachingHostnameResolver):
    """Scrapy's caching resolver (IPv4 and IPv6) without private, loopback and metadata addresses.

    Twisted connects to the very addresses that come from here, literals included
    (``HostnameEndpoint``), so no second look-up can give another answer (DNS rebinding).
    Proxies and services that the operator configured are let through: the first are never chosen
    by a request, and ``middlewares.ssrf`` keeps links of crawled pages away from the others.
    ``refused`` tells ``middlewares.ssrf`` which names had nothing but refused addresses.
    """

    def __init__(self, reactor: ReactorBase, settings: BaseSettings) -> None:
        cached = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        super().__init__(reactor, cached)
        self.allowed: tuple[str, ...] = tuple(settings.getlist("ALLOWED_ADDRESSES"))
        check_networks(self.allowed)
        self.services = own_services(settings)
        self.private = proxy_hosts(settings) | {_host(origin) for origin in self.services}
        self.refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        return cls(reactor, crawler.settings)

    def resolveHostName(  # noqa: N802 - IHostnameResolver's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        kinds = tuple(addressTypes or (IPv4Address, IPv6Address))
        receiver: Any = _Filter(self, resolutionReceiver, hostName, kinds)
        return super().resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )


@implementer(IResolutionReceiver)
class _Filter:
    """Passes on the addresses that may be talked to, of the kinds that were asked for."""

    def __init__(
        self, resolver: GuardedResolver, receiver: Any, host: str, kinds: tuple[Any, ...]
    ) -> None:
        self.resolver, self.receiver, self.host, self.kinds = resolver, receiver, host, kinds
        self.open_to_all = host.lower() in resolver.private
        self.passed = False
        self.turned_down: list[str] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        if not isinstance(address, self.kinds):
            return  # Scrapy's cache answers with both kinds, whichever is asked for
        if not self.open_to_all and is_refused(address.host, self.resolver.allowed):
            self.turned_down.append(address.host)
            return
        self.passed = True
        self.receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        refused = self.resolver.refused
        refused.pop(self.host, None)
        if self.turned_down and not self.passed and len(refused) < MAX_REMEMBERED:
            refused[self.host] = self.turned_down[0]
        self.receiver.resolutionComplete()


def proxy_hosts(settings: BaseSettings) -> frozenset[str]:
    """Return the hosts of the proxies in settings and environment, lower case."""
    environment = (url for scheme, url in getproxies().items() if scheme != "no")
    urls = (settings["WEB_PROXY"], settings["YOUTUBE_PROXY"], *environment)
    return frozenset(host for url in urls if url and (host := _host(url)))


def own_services(settings: BaseSettings) -> frozenset[str]:
    """Return ``host:port`` of each platform address that the operator set to something else."""
    fields = Config.model_fields
    set_by_hand = (
        settings[name.upper()]
        for name in SERVICES
        if settings[name.upper()] and settings[name.upper()] != fields[name].default
    )
    return frozenset(urlsplit(url).netloc.rpartition("@")[2].lower() for url in set_by_hand)


def _host(url: str) -> str:
    return (urlsplit(url if "://" in url else f"//{url}").hostname or "").lower()

"""How much of a worker each host may take up, so that a slow one does not stop the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawlers.frontier.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrapy.settings import BaseSettings

    from crawlers.frontier.protocol import Lease

REMEMBERED = 20_000
"""Hosts of which is known that they have answered; the least recent are forgotten."""


class HostShares:
    """Counts the requests of each host that are leased, but not fetched yet.

    Of ``CONCURRENT_REQUESTS`` a host may use ``CONCURRENT_REQUESTS_PER_DOMAIN``: the downloader
    runs no more of them at once, and what waits for its turn in there keeps others out. Of the
    leases held ready it may use the same part. What is fetched counts no longer, however long its
    items take. A host that has not answered yet gets one request: its robots.txt may ask for a
    delay.
    """

    def __init__(self, settings: BaseSettings) -> None:
        """Read how many requests the downloader runs at once, and how many are prefetched."""
        self.own_total = settings.getint("CONCURRENT_REQUESTS") or 16
        self._own_domain = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") or 1
        self._own_prefetch = settings.getint("FRONTIER_PREFETCH")
        self.resize(self.own_total)
        self._special = {
            host: int(slot["concurrency"])
            for host, slot in settings.getdict("DOWNLOAD_SLOTS").items()
            if "concurrency" in slot
        }
        self._fetching: Counter[str] = Counter()
        self._answered: Recent[str, bool] = Recent(REMEMBERED)

    def resize(self, total: int) -> None:
        """Let ``total`` requests run at once; those of one host change in proportion."""
        domain = -(-self._own_domain * total // self.own_total)
        self.prefetch = self._own_prefetch or 2 * total
        self.running = min(domain, total)
        self.share = self.running + -(-self.prefetch * self.running // total)

    def may_start(self, host: str) -> bool:
        """Whether the downloader could begin with one more of this host."""
        return self._fetching[host] < self._special.get(host, self.running)

    def start(self, host: str) -> None:
        """Note that a request was handed to the engine."""
        self._fetching[host] += 1

    def end(self, host: str) -> None:
        """Note that it was fetched, or will not be."""
        self._fetching[host] -= 1
        if self._fetching[host] <= 0:
            del self._fetching[host]

    def answer(self, host: str) -> None:
        """Note that a host has answered."""
        self._answered[host] = True

    def rooms(self, ready: Iterable[Lease]) -> Mapping[str, int]:
        """Return how many requests more of each host are wanted; of hosts not in it, a share."""
        rooms = self._fetching + Counter(lease.host for lease in ready)
        for host, held in rooms.items():
            more = self._special.get(host, self.running) - self.running
            share = self.share + more if self._answered.get(host) else 1
            rooms[host] = max(0, share - held)
        return rooms

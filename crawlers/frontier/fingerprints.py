"""Scrapy's fingerprints, each address worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.request import RequestFingerprinter

from crawlers.frontier.recent import Recent

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

REMEMBERED = 20_000
"""Addresses; with their fingerprints some 6 MB."""
LONGEST = 500
"""Characters; a longer address is worked out each time, so that memory stays bounded."""


class Fingerprinter(RequestFingerprinter):
    """Gives the fingerprints of Scrapy's own class, which makes a page's links canonical anew.

    Most links of a page were met before, on the page above or beside it. What Scrapy's depends on
    besides the address (method, body, ``verbatim_url``) is left to it.
    """

    def __init__(self, crawler: Crawler | None = None) -> None:
        super().__init__(crawler)
        self._known: Recent[str, bytes] = Recent(REMEMBERED)

    def fingerprint(self, request: Request) -> bytes:
        url = request.url
        if request.method != "GET" or request.body or request.meta.get("verbatim_url"):
            return super().fingerprint(request)
        known = self._known.get(url)
        if known is None:
            known = super().fingerprint(request)
            if len(url) <= LONGEST:
                self._known[url] = known
        return known

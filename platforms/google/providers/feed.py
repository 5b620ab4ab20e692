"""A publisher's RSS or Atom feed."""

from __future__ import annotations

from platforms.google.feed_reader import read_feed
from platforms.google.provider import Listing, Search, SearchProvider, check_address


class FeedProvider(SearchProvider):
    """Follows the entries of the feed at the address given."""

    name = "feed"
    kinds = ("feed",)

    def check(self, search: Search) -> None:
        check_address(search.value, search.kind)

    def start(self, search: Search) -> Listing:
        return Listing(more=[search.value])

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        return read_feed(body, url, content_type=content_type)

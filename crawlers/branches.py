"""Counts a crawl by seed, depth and host, for the picture of its tree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scrapy import signals

from gleanery.signals import children_ready
from gleanery.urls import host_of
from items import Item
from storage.branch import OTHERS, Branch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

SEEDS = 40
"""Seeds told of by name; further ones count together."""
HOSTS = 16
"""Hosts of a seed's level told of by name: the first ones met; further ones count together."""
MOST = 400
"""Branches in all; then further ones count together by depth."""
DEEPEST = 40
"""Depths from here on count together."""
Key = tuple[str, int, str]
"""Seed, depth, host."""


class Branches:
    """Adds up what a crawl fetches and judges; as large at a million pages as at a thousand."""

    def __init__(self, crawler: Crawler) -> None:
        self._found: dict[Key, Branch] = {}
        self._hosts: Counter[tuple[str, int]] = Counter()
        self._seeds: set[str] = set()
        self.changed = False
        """Whether anything was counted since :meth:`take`."""
        connect = crawler.signals.connect
        connect(self._page, signals.response_received)
        connect(self._item, signals.item_scraped)
        connect(self._item, signals.item_dropped)
        connect(self._children, children_ready)

    def restore(self, branches: Iterable[Branch]) -> None:
        """Go on from what an earlier attempt counted."""
        for old in branches:
            key = old.seed, old.depth, old.host
            if new := self._found.get(key):  # this attempt was there already
                for name in ("pages", "wanted", "off_topic", "pruned"):
                    setattr(new, name, getattr(new, name) + getattr(old, name))
            else:
                self._add(key, old)

    def take(self) -> list[Branch]:
        """Return all branches, in the order in which they were met."""
        self.changed = False
        return list(self._found.values())

    def _page(self, response: Response, request: Request) -> None:
        if "node" in request.meta:  # neither robots.txt nor what yt-dlp asks
            above = host_of((request.headers.get("Referer") or b"").decode("latin-1"))
            self._branch(request.meta, response.url, above).pages += 1

    def _item(self, item: Any, response: Response | None) -> None:
        if response is None or not isinstance(item, Item) or item.wanted is None:
            return
        branch = self._branch(response.meta, response.url, "")
        if item.wanted:
            branch.wanted += 1
        else:
            branch.off_topic += 1

    def _children(self, parent: Request, children: list[Request]) -> None:
        above = host_of(parent.url)
        for child in children:
            if child.meta.get("pruned"):
                self._branch(child.meta, child.url, above).pruned += 1

    def _branch(self, meta: dict[str, Any], url: str, above: str) -> Branch:
        self.changed = True
        seed, depth = str(meta.get("seed") or ""), min(meta.get("depth", 0), DEEPEST)
        key = seed, depth, host_of(url)
        if key not in self._found:
            key = self._named(key)
        if key not in self._found:
            self._add(key, Branch(seed=key[0], depth=depth, host=key[2], above=above))
        return self._found[key]

    def _named(self, key: Key) -> Key:
        """Return what is to be counted under, since this one is met for the first time."""
        seed, depth, host = key
        if len(self._found) >= MOST or (seed not in self._seeds and len(self._seeds) >= SEEDS):
            return OTHERS, depth, OTHERS
        return seed, depth, host if self._hosts[seed, depth] < HOSTS else OTHERS

    def _add(self, key: Key, branch: Branch) -> None:
        self._found[key] = branch
        self._seeds.add(key[0])
        self._hosts[key[:2]] += 1

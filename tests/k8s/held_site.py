"""A site that gives out as many pages as a test lets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.web import rss

FEED = 999
"""Number of a page that is a feed."""


class HeldSite(GraphSite):
    """Whoever asks for a page more waits; pages that were given out are given again."""

    def __init__(
        self, links: dict[int, list[int | str]], *, texts: dict[int, str], feed: range
    ) -> None:
        self._feed = feed
        self._given: set[int] = set()
        self._room = 0
        self._changed = threading.Condition()
        super().__init__(links, texts=texts)

    def open(self, pages: int) -> None:
        """Give out so many more, whoever asks for them and when."""
        with self._changed:
            self._room += pages
            self._changed.notify_all()

    @contextmanager
    def dripping(self, pages: int) -> Iterator[None]:
        """Give out so many more, one after the other, while a block runs; a few if it is long."""
        ended = threading.Event()
        thread = threading.Thread(target=self._drip, args=[pages, ended])
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _drip(self, pages: int, ended: threading.Event) -> None:
        for _ in range(pages):
            self.open(1)
            time.sleep(0.4)
        while not ended.wait(2):  # whoever ends lets what is under way end
            self.open(1)

    def settle(self) -> None:
        """Wait until all have been fetched that may be, but those of the feed."""
        wanted = min(self._room, self._feed.start)
        wait_until(lambda: len(set(self.fetched)) >= wanted, seconds=180)

    def page(self, number: int) -> bytes:
        if number == FEED:
            return rss(f"{self.url}/page/{each}" for each in self._feed).encode()
        with self._changed:
            self._changed.wait_for(lambda: number in self._given or len(self._given) < self._room)
            self._given.add(number)
        return super().page(number)

"""What is kept of seeds that name somebody or something: their yields, and who began with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from purging.place import Counts, Place
from storage.book import SEEDS, SEEDS_BEGUN
from storage.seeds_begun import label_of

if TYPE_CHECKING:
    from purging.targets import Targets
    from storage import Store

_WORD = re.compile(r"[^\s/?&=#@,+]+")
"""What may be a name or an id in a seed: ``user/kim``, ``https://www.reddit.com/u/kim/top``."""


class SeedsPlace(Place):
    """Records of seeds that name a purged author or item; a profile's file is yours to edit.

    A search for a word that is also somebody's name goes with them: what is lost is a count of
    what that search brought.
    """

    def __init__(self, store: Store) -> None:
        self.yields, self.begun = store.book(SEEDS), store.book(SEEDS_BEGUN)

    def count(self, targets: Targets) -> Counts:
        yields, begun = self._found(targets)
        return {"seeds": len(yields) + len(begun)}

    def remove(self, targets: Targets) -> None:
        for book, keys in zip((self.yields, self.begun), self._found(targets), strict=True):
            if keys:
                book.delete(keys)

    def _found(self, targets: Targets) -> tuple[list[str], list[str]]:
        yields = [r["key"] for r in self.yields.scan() if names(r["key"], targets)]
        begun = [r["key"] for r in self.begun.scan() if names(label_of(r), targets)]
        return yields, begun


def names(label: str, targets: Targets) -> bool:
    """Return whether a seed, ``platform:kind=value``, names an author or an item that goes."""
    platform, _, rest = label.partition(":")
    words = _WORD.findall(rest.partition("=")[2])
    ids = [f"{platform}:{kind}{word}" for word in words for kind in ("", "t1_", "t3_")]
    return any(targets.has_author(platform, word) for word in words) or bool(targets.among(ids))

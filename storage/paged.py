"""Pages of what is kept: what a store does for readers that cannot hold it all."""

from __future__ import annotations

from abc import ABC, abstractmethod

from storage.item_filter import ANY, ItemFilter, Page, Place


class Paged(ABC):
    """Gives items page by page, each page from an index."""

    @abstractmethod
    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        """Return the next wanted items, newest first.

        Pages that follow one another hold no item twice while others write, and each item that
        was there at the beginning and keeps its instant. One that is fetched again meanwhile moves
        to the front: what was fetched since the first page was asked for finds it.

        Args:
            wanted: Which, and by which instant they are in order.
            after: What the page before gave as ``next``; ``None`` = the first page.
            limit: Items at most; a page may hold fewer and not be the last.
        """

    @abstractmethod
    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        """Return the next comments under a post or video, in order of first saving.

        Args:
            identity: Of the post or video; replies to comments count as its comments, too.
            after: As for :meth:`page`.
            limit: As for :meth:`page`.
        """

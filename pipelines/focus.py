"""Say whether an item is of the category wanted, and do with the others what the policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

from gleanery.errors import ConfigError
from items import Author, Comment

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item

POLICIES = ("keep", "drop", "flag")


def judge(item: Item) -> None:
    """Set ``wanted``, where a category was wanted and the item has one.

    Comments and authors go with what they hang under and are never judged.
    """
    if item.category_wanted and item.category and not isinstance(item, (Comment, Author)):
        item.wanted = item.category == item.category_wanted


class FocusPipeline:
    """Judges each item; ``FOCUS_POLICY`` says what becomes of those off topic."""

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats
        self.policy = crawler.settings["FOCUS_POLICY"]
        if self.policy not in POLICIES:
            raise ConfigError(f"FOCUS_POLICY is {self.policy!r}; it can be {', '.join(POLICIES)}")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return the judged item; raise ``DropItem`` if off topic and the policy is ``drop``."""
        judge(item)
        if item.wanted is None:
            return item
        self.stats.inc_value("focus/wanted" if item.wanted else "focus/off_topic")
        if not item.wanted and self.policy == "drop":
            raise DropItem(f"{item.category}, wanted {item.category_wanted}", log_level="DEBUG")
        if not item.wanted and self.policy == "flag":
            item.needs_review = True
        return item

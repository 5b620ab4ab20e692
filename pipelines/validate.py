"""Refuse items that no store could keep."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem

from items import Item

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler

MAX_TEXT = 1_000_000
"""Characters of a body that are kept; what is longer is cut, and counted."""


class ValidatePipeline:
    """Drops what has no identity; cleans texts of what no database takes (NUL, lone surrogates).

    What the platform says its author has deleted is marked, see ``gleanery purge``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return the cleaned item, or raise ``DropItem`` if it lacks an id or an address."""
        if isinstance(item, Item):
            _clean(item)
        if not isinstance(item, Item) or not item.external_id or not item.platform or not item.url:
            self.stats.inc_value("validate/dropped")
            raise DropItem(f"no identity: {item!r:.200}")
        if getattr(item, "removed", None) == "deleted":
            item.deleted_at_source = item.fetched_at
        if len(item.text) > MAX_TEXT:
            item.text = item.text[:MAX_TEXT]
            self.stats.inc_value("validate/cut")
        return item


_HOLD_TEXT = frozenset({str, list})


def _clean(item: Item) -> None:
    cls: Any = type(item)  # whose instances have no hash, but which has one
    names, values = _given(cls)
    for name, value in zip(names, values(item), strict=True):
        if value and type(value) in _HOLD_TEXT:
            cleaned = _storable(value)
            if cleaned is not value:
                setattr(item, name, cleaned)
    item.__post_init__()  # its identity is made of such texts


@cache
def _given(cls: Any) -> tuple[tuple[str, ...], Callable[[Item], tuple[Any, ...]]]:
    """Return the names of a class's fields, and what reads them all at once."""
    names = tuple(field.name for field in fields(cls) if field.init)
    return names, attrgetter(*names)


def _storable(value: Any) -> Any:
    """Return texts clean, those in lists and in their dictionaries, too; all else as it is."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            value = value.encode("utf-8", "ignore").decode("utf-8")
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value

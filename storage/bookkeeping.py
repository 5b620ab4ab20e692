"""What stores of servers share: folding a batch, and numbers of stored versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from items import item_from_dict
from storage.merge import merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from items import Item
    from storage.store import Change, Row


class Version(NamedTuple):
    """An item as it now is."""

    row: Row
    revision: int
    """1 for a new item, one more with each change; of two versions the higher one is the later."""

    def changed(self, change: Change) -> Version:
        """Return the next version; ``row`` must not be used any more."""
        change(item := item_from_dict(self.row))
        return Version(item.to_dict(), self.revision + 1)


def folded(items: Sequence[Item]) -> dict[str, Row]:
    """Return one row per identity, in order of first mention; later copies over earlier ones."""
    rows: dict[str, Row] = {}
    for item in items:
        row, known = item.to_dict(), rows.get(item.identity)
        rows[item.identity] = merged(known, row) if known else row
    return rows


def pages(items: Sequence[Item]) -> dict[str, bytes]:
    """Return the pages as fetched, gzip, by identity; of items that have one."""
    return {i.identity: raw for i in items if (raw := getattr(i, "raw_html", None))}

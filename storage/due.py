"""Which items are due for a visit, and those that their platform no longer has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from items.clock import from_iso, to_iso
from items.visit import Visit
from storage.book import VISITS
from storage.visits import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from items import Item
    from storage.book import Record
    from storage.store import Store

MOST_TRIES = 5
"""Visits in a row that find nothing, not even that the item is gone; then it is never due again."""


def due(
    store: Store, now: datetime, *, limit: int = 100, platform: str | None = None
) -> list[Visit]:
    """Return visits that are due, those first that have been so longest.

    Args:
        store: Open.
        now: The instant to look from.
        limit: How many at most.
        platform: Only items of this one.
    """
    records = store.book(VISITS).listed(group=platform, until=to_iso(now), limit=limit)
    return [Visit.from_dict(record) for record in records]


def take(store: Store, now: datetime, *, limit: int, platform: str) -> list[Visit]:
    """Return visits that are due, and put them off, so that nobody else begins them, too.

    A visit that comes to nothing is due again after its interval; saving what it finds sets the
    date anew.
    """
    found = {visit.key: visit for visit in due(store, now, limit=limit, platform=platform)}
    taken: dict[str, Visit] = {}
    policy = Policy.of(store.options)

    def put_off(key: str, record: Record | None) -> Record | None:
        taken.pop(key, None)
        visit = Visit.from_dict(record) if record else None
        if visit is None or visit.at is None or visit.at > now:  # another one was quicker
            return None
        taken[key] = replace(visit)
        visit.tries += 1
        wait = timedelta(hours=policy.bounded(visit.interval_hours))
        visit.at = now + wait if visit.tries < MOST_TRIES else None
        return visit.to_dict()

    store.book(VISITS).change([*found], put_off)
    return [taken[key] for key in found if key in taken]


def note_gone(store: Store, identities: Sequence[str], now: datetime) -> list[str]:
    """Mark items that their platform no longer has (``deleted_at_source``).

    They are never due again, unless a crawl finds them once more; ``gleanery purge`` removes them.

    Returns:
        Those that the store has, and that were not marked before.
    """
    marked: dict[str, None] = {}

    def mark(item: Item) -> None:
        if item.deleted_at_source is None:
            item.deleted_at_source = now
            marked[item.identity] = None

    store.update_many(dict.fromkeys(identities, mark))

    def end(_: str, record: Record | None) -> Record | None:
        if record is None or record["gone_at"]:
            return None
        return record | {"at": None, "gone_at": to_iso(now)}

    store.book(VISITS).change(list(dict.fromkeys(identities)), end)
    return [*marked]


def gone(store: Store) -> list[str]:
    """Return the identities of items that are marked as gone, in order; reads every visit."""
    return sorted(record["key"] for record in store.book(VISITS).scan() if record["gone_at"])


def soonest(store: Store) -> datetime | None:
    """Return when the next visit is due; ``None`` if none ever is."""
    first = store.book(VISITS).listed(limit=1)
    return from_iso(first[0]["at"]) if first else None

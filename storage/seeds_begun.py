"""Which seeds crawls began with, in a store: a record for each crawl and seed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from items.clock import to_iso
from storage.book import SEEDS_BEGUN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from items import Seed
    from storage.book import Record
    from storage.store import Store


def note_begun(
    store: Store, crawl: str, seeds: Sequence[Seed], now: datetime, *, job: str | None = None
) -> None:
    """Note that ``crawl`` began with ``seeds``; one that begins again counts once more.

    Raises:
        StoreUnavailableError: Not all were noted; the same call may count some of them twice.
    """
    by_key = {f"{crawl}\n{seed.label}": seed for seed in seeds}
    at = to_iso(now)

    def begun(key: str, old: Record | None) -> Record:
        seed = asdict(by_key[key])
        return {
            "key": key,
            "group": seed["platform"],
            "at": at,
            "crawl": crawl,
            "job": job,
            "seed": seed,
            "first_at": old["first_at"] if old else at,
            "times": old["times"] + 1 if old else 1,
        }

    store.book(SEEDS_BEGUN).change([*by_key], begun)


def seeds_begun(
    store: Store, *, platform: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Return the seeds that crawls began with last, the newest first, ready for JSON.

    Each has ``crawl``, ``job`` (its last one; ``None`` outside scrapyd), ``label``, the seed's own
    fields, ``first_at``, ``at`` (the last time) and ``times``.
    """
    found = store.book(SEEDS_BEGUN).listed(group=platform, limit=limit, newest=True)
    names = ("crawl", "job", "first_at", "at", "times")
    return [
        {"label": label_of(record)} | record["seed"] | {name: record[name] for name in names}
        for record in found
    ]


def label_of(record: Record) -> str:
    """Return the label of a record's seed, as ``items.Seed.label``."""
    return str(record["key"]).partition("\n")[2]

"""What seeds have brought, in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from items.seed_yield import Brought, SeedPolicy, SeedYield
from storage.book import SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from storage.book import Record
    from storage.store import Store


def seed_policy(get: Callable[[str], Any]) -> SeedPolicy:
    """Read the settings; ``get`` as for :func:`storage.configured_store`."""
    return SeedPolicy(
        target=float(get("SEED_TARGET")),
        floor=float(get("SEED_FLOOR")),
        half_life_days=float(get("SEED_HALF_LIFE_DAYS")),
        rest_days=float(get("SEED_REST_DAYS")),
    )


def yields_of(store: Store, labels: Sequence[str]) -> dict[str, SeedYield]:
    """Return what is known of seeds, by label."""
    found = store.book(SEEDS).get(list(dict.fromkeys(labels)))
    return {label: SeedYield.from_dict(record) for label, record in found.items()}


def all_yields(store: Store, platform: str | None = None) -> list[SeedYield]:
    """Return what is known of all seeds, in the order of platform and label."""
    found = [SeedYield.from_dict(record) for record in store.book(SEEDS).scan()]
    kept = [seed for seed in found if platform in (None, seed.group)]
    return sorted(kept, key=lambda seed: (seed.group, seed.key))


def yields_from(store: Store, after: int, limit: int) -> tuple[list[SeedYield], int]:
    """Return what is known of some seeds, as :func:`all_yields` lists them, and of how many."""
    found = sorted(store.book(SEEDS).scan(), key=lambda record: (record["group"], record["key"]))
    return [SeedYield.from_dict(record) for record in found[after : after + limit]], len(found)


def told(store: Store, now: datetime, policy: SeedPolicy, platform: str | None = None) -> list[Any]:
    """Return what is known of all seeds, and what they get for it, ready for JSON."""
    return told_of(all_yields(store, platform), now, policy)


def told_of(seeds: Sequence[SeedYield], now: datetime, policy: SeedPolicy) -> list[Any]:
    """Return what is known of some seeds, as :func:`told`."""
    return [
        seed.to_dict()
        | {
            "share": seed.share(policy),
            "budget": seed.budget(policy),
            "resting": seed.rests_at(now),
            "why": seed.why(policy, now),
        }
        for seed in seeds
    ]


def note_brought(
    store: Store, brought: Mapping[str, Brought], now: datetime, policy: SeedPolicy
) -> None:
    """Add what one crawl got from its seeds, by label."""

    def add(label: str, record: Record | None) -> Record:
        group = label.partition(":")[0]
        old = SeedYield.from_dict(record) if record else SeedYield(key=label, group=group)
        return old.after(brought[label], now, policy).to_dict()

    store.book(SEEDS).change([*brought], add)

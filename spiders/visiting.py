"""What spiders ask the store: items that are due, those that are gone, seeds' budgets."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from items.clock import utc_now
from storage import configured_store
from storage.due import note_gone, take
from storage.seed_yields import seed_policy, yields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrapy.crawler import Crawler

    from items import Seed
    from items.visit import Visit
    from storage import Store

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPlan:
    """What seeds may do, by label; of one that is not in there nothing is known."""

    shares: dict[str, float]
    budgets: dict[str, int]
    """Requests of those that fade."""
    resting: set[str]


class Visiting:
    """Opens the store when it is needed, each time in a thread: it blocks."""

    def __init__(self, crawler: Crawler) -> None:
        """Prepare; nothing is opened yet."""
        self.crawler = crawler

    async def take(self, platform: str, limit: int) -> list[Visit]:
        """Return items of ``platform`` that are due, and put them off for others.

        Raises:
            StoreError: The store is away.
        """
        return await self._with(
            lambda store: take(store, utc_now(), limit=limit, platform=platform)
        )

    async def gone(self, identities: Sequence[str]) -> None:
        """Mark items that their platform no longer has.

        Raises:
            StoreError: The store is away; the visits stay due.
        """
        if not identities:
            return
        marked = await self._with(lambda store: note_gone(store, identities, utc_now()))
        self.crawler.stats.inc_value("revisit/gone", len(marked))
        logger.info("%d items are gone at their source", len(marked))

    async def seeds(self, seeds: Sequence[Seed]) -> SeedPlan:
        """Return what these seeds may do in this crawl.

        Raises:
            StoreError: The store is away.
        """
        known = await self._with(lambda store: yields_of(store, [s.label for s in seeds]))
        policy, now = seed_policy(self.crawler.settings.get), utc_now()
        budgets = {label: seed.budget(policy) for label, seed in known.items()}
        return SeedPlan(
            shares={label: seed.share(policy) for label, seed in known.items()},
            budgets={label: budget for label, budget in budgets.items() if budget is not None},
            resting={label for label, seed in known.items() if seed.rests_at(now)},
        )

    async def _with(self, work: Callable[[Store], T]) -> T:
        def opened() -> T:
            with configured_store(self.crawler.settings.get) as store:
                return work(store)

        return await asyncio.to_thread(opened)

"""How many items are stored: what a full count of the store says, now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitoring.source import Source, gauge
from monitoring.stored import opened

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config
    from storage import StoreStats


class ItemsSource(Source):
    """Slow on a large store, so its pace is a setting; a scrape does not wait for it."""

    name: ClassVar[str] = "items"

    @property
    def every_seconds(self) -> float:
        return self.config.metrics_items_seconds

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return config.metrics_items_seconds > 0

    def read(self) -> list[Metric]:
        with opened(self.config) as store:
            if store is None:
                return []
            stats = store.stats(classified_kinds=self.config.classify_kinds)
        return _families(stats)


def _families(stats: StoreStats) -> list[Metric]:
    def by(part: str, counts: dict[str, int]) -> Metric:
        values = {(key,): float(number) for key, number in counts.items()}
        name = f"gleanery_items_by_{part}"
        return gauge(name, f"Stored items by {part}", values, [part])

    return [
        gauge("gleanery_items", "Stored items", {(): float(stats.total)}),
        by("platform", stats.items),
        by("kind", stats.kinds),
        by("category", stats.categories),
        gauge("gleanery_items_unclassified", "Items that no model has seen yet",
              {(): float(stats.unclassified)}),
        gauge("gleanery_items_to_review", "Items whose category the model was unsure of",
              {(): float(stats.needs_review)}),
    ]  # fmt: skip

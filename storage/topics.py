"""Hot topics, in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from items.topic import Topic
from storage.book import TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.store import Store


def save_topics(store: Store, found: Sequence[Topic]) -> None:
    """Keep topics by their keys; those of earlier runs stay as they were."""
    rows = {topic.key: topic.to_dict() for topic in found}
    store.book(TOPICS).change([*rows], lambda key, _: rows[key])


def topics(store: Store, *, group: str = "", limit: int = 20) -> list[Topic]:
    """Return topics of a category (empty: of runs over all), the last found ones first."""
    records = store.book(TOPICS).listed(group=group, limit=limit, newest=True)
    found = [Topic.from_dict(record) for record in records]
    return sorted(found, key=lambda topic: (topic.at, topic.heat), reverse=True)

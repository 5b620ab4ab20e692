"""The documents of the sample world, as ``data/*.yaml`` holds them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gleanery.yaml_text import read_yaml

DATA = Path(__file__).with_name("data")
ENOUGH_DOCUMENTS = 60
"""Fewer documents than this after a demo crawl means that something is broken."""
ENOUGH_CATEGORIES = 12
"""The same for categories."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """Everything the three sites show. Times are counted back from ``now``."""

    articles: list[Row]
    posts: list[Row]
    channels: list[Row]
    videos: list[Row]
    now: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    )

    def instant(self, row: Row) -> datetime:
        """Return when ``row`` was published."""
        return self.now - timedelta(hours=row["hours_ago"])

    @property
    def categories(self) -> Counter[str]:
        """Documents that carry a category of their own (comments do not), by category key."""
        return Counter(row["category"] for row in (*self.articles, *self.posts, *self.videos))


def load_world() -> World:
    """Read the data files."""
    films = _read("videos.yaml")
    articles = [
        row | {"lang": lang} for lang in ("ko", "en") for row in _read(f"articles_{lang}.yaml")
    ]
    articles.sort(key=lambda row: int(row["hours_ago"]))
    return World(
        articles=articles,
        posts=_read("posts.yaml"),
        channels=films["channels"],
        videos=films["videos"],
    )


def _read(name: str) -> Any:
    return read_yaml((DATA / name).read_text(encoding="utf-8"))

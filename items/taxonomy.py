"""The categories and their sub-categories, Korean and English."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gleanery.errors import ConfigError

TAXONOMY_FILE = Path(__file__).with_name("taxonomy.yaml")


@dataclass(slots=True, kw_only=True, frozen=True)
class Subcategory:
    """A part of a category."""

    key: str
    """Stable key, unique inside its category, e.g. ``travel_review``."""

    name_ko: str
    name_en: str
    description_ko: str
    """One line: what belongs here; the default engine's prototypes come from it."""
    description_en: str


@dataclass(slots=True, kw_only=True, frozen=True)
class Category:
    """One of the top-level categories."""

    key: str
    """Stable key, e.g. ``life_lifestyle``."""

    name_ko: str
    name_en: str
    description_ko: str
    description_en: str
    subcategories: tuple[Subcategory, ...]


@dataclass(slots=True, kw_only=True, frozen=True)
class Taxonomy:
    """All categories, in the file's order."""

    version: str
    categories: tuple[Category, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the categories, in order."""
        return tuple(c.key for c in self.categories)

    def __getitem__(self, key: str) -> Category:
        """Return the category ``key``.

        Raises:
            KeyError: There is none.
        """
        for category in self.categories:
            if category.key == key:
                return category
        raise KeyError(key)


@cache
def load_taxonomy(path: Path = TAXONOMY_FILE) -> Taxonomy:
    """Read a taxonomy file.

    Raises:
        ConfigError: The file is missing or malformed.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        categories = tuple(_category(key, row) for key, row in data["categories"].items())
        return Taxonomy(version=str(data["version"]), categories=categories)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is not a taxonomy: {error!r}") from error


def _category(key: str, row: dict[str, Any]) -> Category:
    subs = tuple(Subcategory(key=k, **s) for k, s in row["subcategories"].items())
    return Category(key=key, **{**row, "subcategories": subs})

"""The categories and their sub-categories, Korean and English."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gleanery.config import load_config
from gleanery.errors import ConfigError
from gleanery.files import write_whole
from gleanery.yaml_text import read_yaml

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


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy file, once.

    Args:
        path: Default: the operator's own (``TAXONOMY_FILE``, ``HOME/taxonomy.yaml``), else ours.

    Raises:
        ConfigError: The file is missing or malformed.
    """
    return _read(path or load_config().own_taxonomy or TAXONOMY_FILE)


def write_taxonomy(taxonomy: Taxonomy, path: Path) -> None:
    """Write a file that :func:`load_taxonomy` reads; whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    categories = {
        category.key: _words(category)
        | {"subcategories": {part.key: _words(part) for part in category.subcategories}}
        for category in taxonomy.categories
    }
    text = yaml.safe_dump(
        {"version": taxonomy.version, "categories": categories},
        allow_unicode=True,
        sort_keys=False,
        width=1000,
    )
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}") from error
    _read.cache_clear()


def _words(entry: Category | Subcategory) -> dict[str, str]:
    names = ("name_ko", "name_en", "description_ko", "description_en")
    return {name: getattr(entry, name) for name in names}


@cache
def _read(path: Path) -> Taxonomy:
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
        categories = tuple(_category(key, row) for key, row in data["categories"].items())
        return Taxonomy(version=str(data["version"]), categories=categories)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is not a taxonomy: {error!r}") from error


def _category(key: str, row: dict[str, Any]) -> Category:
    subs = tuple(Subcategory(key=k, **s) for k, s in row["subcategories"].items())
    return Category(key=key, **{**row, "subcategories": subs})

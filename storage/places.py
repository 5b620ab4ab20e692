"""A store named in one word, as ``gleanery db copy`` takes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError
from storage.store import Store, open_store

if TYPE_CHECKING:
    from storage.options import StoreOptions

FORMS = "sqlite:FILE, mysql://…, mongodb://…, mysql, mongodb, or mysql+mongodb"


def store_at(place: str, options: StoreOptions) -> Store:
    """Return the store at ``place``, not yet opened.

    Args:
        place: ``sqlite:FILE``; an address; or a store's name, whose addresses are in ``options``.
        options: Passwords, certificates, and the addresses that ``place`` does not state.

    Raises:
        ConfigError: It has none of these forms.
    """
    scheme, _, rest = place.partition(":")
    if scheme == "sqlite" and rest:
        return open_store("sqlite", Path(rest.removeprefix("//")))
    if scheme == "mysql" and rest:
        return open_store("mysql", "", replace(options, mysql_url=place))
    if scheme in ("mongodb", "mongodb+srv") and rest:
        return open_store("mongodb", "", replace(options, mongodb_url=place))
    if place in ("mysql", "mongodb", "mysql+mongodb"):
        return open_store(place, "", options)
    raise ConfigError(f"{scheme}… names no store (저장소가 아닙니다): write {FORMS}")

"""The store as the exporter reads it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from storage import Store, StoreOptions, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gleanery.config import Config


@contextmanager
def opened(config: Config) -> Iterator[Store | None]:
    """Yield the store, open and read-only; ``None`` if nothing has been collected in a file yet.

    Raises:
        StoreError: It is away.
    """
    if config.store == "sqlite" and not config.store_file.exists():
        yield None
        return
    options = replace(StoreOptions.read(config.scrapy_settings().get), read_only=True)
    with open_store(config.store, config.store_file, options) as store:
        yield store

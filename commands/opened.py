"""The store that the configuration names, opened for a command."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gleanery.config import Config
    from storage import Store


@contextmanager
def opened_store(config: Config) -> Iterator[Store]:
    """Yield the store, open.

    Raises:
        StoreError: It is away, or nothing has been collected yet.
    """
    from gleanery.errors import StoreError
    from storage import configured_store

    # The embedded store would be created by opening it: a typo in GLEANERY_HOME would look empty.
    if config.store == "sqlite" and not config.store_file.exists():
        raise StoreError(
            f"Nothing has been collected in {config.home} yet (아직 수집된 것이 없습니다):"
            " run `gleanery crawl …` or `gleanery demo`."
        )
    with configured_store(config.scrapy_settings().get) as store:
        yield store

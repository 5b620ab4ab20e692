"""The store: whether it can be read as a program of ours reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitoring.source import Source
from monitoring.stored import opened

if TYPE_CHECKING:
    from prometheus_client import Metric


class StoreSource(Source):
    """Opens it and looks for an item that is not there; ``gleanery_up`` is all that it gives."""

    name: ClassVar[str] = "store"

    def read(self) -> list[Metric]:
        with opened(self.config) as store:
            if store is not None:
                store.find("monitoring:nothing")
        return []

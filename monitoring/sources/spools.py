"""What waits for a store that is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitoring.source import Source
from storage.spool.metrics import SpoolNumbers

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config


class SpoolSource(Source):
    """Spools of this machine's ``HOME``; those of other machines their scrapyd tells of."""

    name: ClassVar[str] = "spool"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._numbers = SpoolNumbers(config.home, max_bytes=config.spool_max_bytes)

    def read(self) -> list[Metric]:
        return self._numbers.read()

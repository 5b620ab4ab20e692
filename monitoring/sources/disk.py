"""The disk of all state."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitoring.source import Source
from storage.home_metrics import disk_numbers

if TYPE_CHECKING:
    from prometheus_client import Metric


class DiskSource(Source):
    """This machine's ``HOME``; other machines' scrapyd tells of theirs."""

    name: ClassVar[str] = "disk"

    def read(self) -> list[Metric]:
        return disk_numbers(self.config.home)

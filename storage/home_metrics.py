"""What the folder of all state has room for, and what waits in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric


def disk_numbers(home: Path) -> list[Metric]:
    """Return the size of the disk that ``home`` is on, and what is free for us.

    Raises:
        OSError: There is no such folder.
    """
    usage = shutil.disk_usage(home)
    size = GaugeMetricFamily("gleanery_home_size_bytes", "Size of the disk that HOME is on")
    free = GaugeMetricFamily("gleanery_home_free_bytes", "What is free on it for us")
    size.add_metric([], usage.total)
    free.add_metric([], usage.free)
    return [size, free]

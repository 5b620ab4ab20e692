"""What waits, for an alarm: in a file for Prometheus' node exporter, or for a program's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.spool.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from prometheus_client import Metric

    from storage.spool.spool import Waiting

MOST = 50
"""Spools that are told of, by name; there is one for each store that was ever away."""
_HELP = {
    "items": "Items that wait for their store",
    "bytes": "Bytes of them on disk",
    "max_bytes": "Bytes from which on crawls pause",
    "oldest_timestamp_seconds": "When the first of them was written; 0 if none waits",
    "refused": "Items that the store would not take when they were replayed",
    "damaged": "Pieces that could not be read",
}


class SpoolNumbers:
    """Counts all spools of a folder; remembers how far it has counted each."""

    def __init__(self, home: Path, *, max_bytes: int) -> None:
        self._folder, self._max_bytes = home / "spool", max_bytes
        self._spools: dict[str, Spool] = {}

    def read(self) -> list[Metric]:
        """Return ``gleanery_spool_…{spool="…"}``, one gauge each.

        Raises:
            OSError: The folder cannot be read.
        """
        folders = sorted(self._folder.glob("*/"))[:MOST]
        known = {f.name: self._spools.get(f.name) or self._open(f) for f in folders}
        self._spools = known
        return _families((name, s.waiting(), s.max_bytes) for name, s in known.items())

    def _open(self, folder: Path) -> Spool:
        return Spool(folder, max_bytes=self._max_bytes)


def write_metrics(path: Path, spool: str, waiting: Waiting, max_bytes: int) -> None:
    """Write ``gleanery_spool_…{spool="…"}``, one gauge each, in one step.

    Raises:
        OSError: It cannot be written.
    """
    # it is of no use to a crawl whose store is never away
    from prometheus_client import CollectorRegistry, write_to_textfile  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class Fixed(Collector):
        def collect(self) -> list[Metric]:
            return _families([(spool, waiting, max_bytes)])

    registry = CollectorRegistry()
    registry.register(Fixed())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)


def _families(found: Iterable[tuple[str, Waiting, int]]) -> list[Metric]:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    families = {
        name: GaugeMetricFamily(f"gleanery_spool_{name}", text, labels=["spool"])
        for name, text in _HELP.items()
    }
    for spool, waiting, max_bytes in found:
        values = {
            "items": waiting.items,
            "bytes": waiting.bytes,
            "max_bytes": max_bytes,
            "oldest_timestamp_seconds": waiting.oldest_at or 0,
            "refused": waiting.refused,
            "damaged": waiting.damaged,
        }
        for name, value in values.items():
            families[name].add_metric([spool], value)
    return [*families.values()]

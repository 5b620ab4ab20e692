"""What waits, for an alarm: a file that Prometheus' node exporter reads (textfile collector)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from storage.spool.spool import Waiting

_HELP = {
    "items": "Items that wait for their store",
    "bytes": "Bytes of them on disk",
    "max_bytes": "Bytes from which on crawls pause",
    "oldest_timestamp_seconds": "When the first of them was written; 0 if none waits",
    "refused": "Items that the store would not take when they were replayed",
    "damaged": "Pieces that could not be read",
}


def write_metrics(path: Path, spool: str, waiting: Waiting, max_bytes: int) -> None:
    """Write ``gleanery_spool_…{spool="…"}``, one gauge each, in one step.

    Raises:
        OSError: It cannot be written.
    """
    # it is of no use to a crawl whose store is never away
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # noqa: PLC0415

    values = {
        "items": waiting.items,
        "bytes": waiting.bytes,
        "max_bytes": max_bytes,
        "oldest_timestamp_seconds": waiting.oldest_at or 0,
        "refused": waiting.refused,
        "damaged": waiting.damaged,
    }
    registry = CollectorRegistry()
    for name, value in values.items():
        gauge = Gauge(f"gleanery_spool_{name}", _HELP[name], ["spool"], registry=registry)
        gauge.labels(spool).set(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)

"""Keys of the client API that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from items.clock import from_iso
from monitoring.source import Source, gauge
from monitoring.stored import opened
from storage.book import API_KEYS

if TYPE_CHECKING:
    from prometheus_client import Metric

MOST = 1000


class ApiKeysSource(Source):
    """Keys that were made with an end and are not revoked, by their public id."""

    name: ClassVar[str] = "api_keys"

    @property
    def every_seconds(self) -> float:
        return 60.0

    def read(self) -> list[Metric]:
        with opened(self.config) as store:
            records = store.book(API_KEYS).listed(limit=MOST) if store else []
        ends = {(r["id"],): end for r in records if (end := _end(r)) is not None}
        text = "When a key of the client API ends, of those that have an end"
        return [gauge("gleanery_api_key_expiry_timestamp_seconds", text, ends, ["key"])]


def _end(record: dict[str, Any]) -> float | None:
    if record.get("revoked_at"):
        return None
    at = from_iso(record.get("expires_at"))
    return at.timestamp() if at else None

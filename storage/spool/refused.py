"""Items that the store would not take when they were replayed: one line of JSON each."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from items.clock import to_iso, utc_now
from storage.spool.item_bytes import item_to_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from items import Item


class Refused:
    """The file ``refused.jsonl`` of a spool: ``reason``, ``refused_at``, ``item``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, items: Sequence[tuple[Item, str]]) -> None:
        """Write items with the store's reasons to disk.

        Raises:
            OSError: They could not be kept.
        """
        if not items:
            return
        at = to_iso(utc_now())
        lines = [
            json.dumps({"reason": reason, "refused_at": at, "item": item_to_row(item)}) + "\n"
            for item, reason in items
        ]
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())

    def count(self) -> int:
        """Return how many are kept."""
        try:
            with self.path.open("rb") as file:
                return sum(1 for _ in file)
        except FileNotFoundError:
            return 0

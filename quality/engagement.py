"""How an item did among others of its source."""

from __future__ import annotations

import math
import sqlite3
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS = 4
"""Steps in which a count doubles; counts of one step are alike."""
LEAST = 8
"""Items of a source before one of them can be compared with the others."""


def source_of(row: Mapping[str, Any]) -> str:
    """Return where it appeared: a community, a channel, a site; of a comment its thread."""
    where = (
        row.get("root")
        or row.get("community")
        or row.get("channel_id")
        or row.get("channel_url")
        or (urlsplit(row["url"]).hostname if row["kind"] == "article" else None)
        or row.get("author")
        or ""
    )
    return f"{row['platform']}:{row['kind']}:{where}"


def step_of(row: Mapping[str, Any]) -> int | None:
    """Return the step of its count (views, else votes or likes); ``None`` where none is stated."""
    count = next(
        (row[name] for name in ("view_count", "like_count", "score") if row.get(name) is not None),
        None,
    )
    if count is None:
        return None
    return int(STEPS * math.log2(count + 1)) if count > 0 else -int(count < 0)


class Standing:
    """Counts of every source, in a temporary database that leaves memory when it grows."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(
            "", isolation_level=None
        )  # a file of SQLite's own, gone at close
        self._db.execute(
            "CREATE TABLE steps (source TEXT, step INTEGER, count INTEGER,"
            " PRIMARY KEY (source, step)) WITHOUT ROWID"
        )
        self._counts = lru_cache(maxsize=4096)(self._read)

    def note(self, rows: list[Mapping[str, Any]]) -> None:
        """Count items."""
        values = [(source_of(row), step) for row in rows if (step := step_of(row)) is not None]
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO steps VALUES (?, ?, 1)"
            " ON CONFLICT (source, step) DO UPDATE SET count = count + 1",
            values,
        )
        self._db.execute("COMMIT")
        self._counts.cache_clear()

    def rank(self, row: Mapping[str, Any]) -> float | None:
        """Return which share of its source's items did worse or as well, in [0, 1], ties by half.

        ``None`` where it states no count, or its source has fewer than ``LEAST`` that do.
        """
        if (step := step_of(row)) is None:
            return None
        counts = self._counts(source_of(row))
        total = sum(counts.values())
        if total < LEAST:
            return None
        below = sum(count for other, count in counts.items() if other < step)
        return (below + counts.get(step, 0) / 2) / total

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _read(self, source: str) -> dict[int, int]:
        return dict(
            self._db.execute("SELECT step, count FROM steps WHERE source = ?", (source,)).fetchall()
        )

"""Counts of everything in the file; each is answered from an index, no body is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.store import StoreStats

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

DAYS = """
WITH RECURSIVE days (day) AS (
    SELECT substr(min(fetched_at), 1, 10) FROM items
    UNION ALL
    SELECT (SELECT substr(min(fetched_at), 1, 10) FROM items WHERE fetched_at > day || 'U')
    FROM days WHERE day IS NOT NULL
)
SELECT day, (SELECT count(*) FROM items WHERE fetched_at >= day AND fetched_at < day || 'U')
FROM days WHERE day IS NOT NULL
"""
"""From day to day along the index: grouping by a part of the instant would sort all of them.

What follows the day is ``T``; ``U`` is the letter after it.
"""


def counted(db: sqlite3.Connection, classified_kinds: Sequence[str]) -> StoreStats:
    """Count everything, in a transaction of the caller's."""
    marks = ",".join("?" * len(classified_kinds))
    waiting = f"SELECT count(*) FROM items WHERE classified_at IS NULL AND kind IN ({marks})"  # noqa: S608
    return StoreStats(
        total=_count(db, "SELECT count(*) FROM items"),
        items=_groups(db, "platform"),
        kinds=_groups(db, "kind"),
        categories=_groups(db, "category", where="category IS NOT NULL"),
        depths=dict(sorted(_groups(db, "depth").items())),
        days=dict(db.execute(DAYS).fetchall()),
        unclassified=_count(db, waiting, *classified_kinds),
        needs_review=_count(db, "SELECT count(*) FROM items WHERE needs_review = 1"),
    )


def _count(db: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(db.execute(sql, values).fetchone()[0])


def _groups(db: sqlite3.Connection, column: str, *, where: str = "1") -> dict[Any, int]:
    sql = f"SELECT {column}, count(*) FROM items WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    return dict(db.execute(sql).fetchall())

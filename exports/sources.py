"""Groups by source: no community, channel or site is parted, nor are those that share texts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    Threads = Iterable[tuple[str, str]]

_MADE = """
CREATE TABLE sources (thread TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE joined (source TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
"""
_SHARED = "SELECT g.name, s.source FROM groups g JOIN sources s USING (thread) ORDER BY g.name"
_NAMED = """
CREATE TABLE renamed (name TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO renamed SELECT g.name, min(j.name)
    FROM groups g JOIN sources s USING (thread) JOIN joined j USING (source) GROUP BY g.name;
UPDATE groups SET name = (SELECT new FROM renamed r WHERE r.name = groups.name)
    WHERE name IN (SELECT name FROM renamed);
INSERT OR REPLACE INTO groups
    SELECT s.thread, j.name FROM sources s JOIN joined j USING (source);
DROP TABLE renamed; DROP TABLE joined; DROP TABLE sources;
"""


def join_sources(db: sqlite3.Connection, threads: Threads) -> None:
    """Lay groups of threads together by their sources; memory follows the number of sources.

    Args:
        db: Has the table ``groups (thread, name)``; every thread that has a source is in it then.
        threads: Threads and their sources, of all that have one.
    """
    db.executescript(_MADE)
    with db:
        db.executemany("INSERT OR REPLACE INTO sources VALUES (?, ?)", threads)
    above = {source: source for (source,) in db.execute("SELECT DISTINCT source FROM sources")}
    for _, shared in groupby(db.execute(_SHARED), key=lambda row: row[0]):
        first, *others = {_root(above, source) for _, source in shared}
        for other in others:
            low, high = sorted((_root(above, first), _root(above, other)))
            above[high] = low
    with db:
        rows = ((source, _root(above, source)) for source in above)
        db.executemany("INSERT INTO joined VALUES (?, ?)", rows)
    db.executescript(f"BEGIN; {_NAMED} COMMIT;")


def _root(above: dict[str, str], source: str) -> str:
    """Return the smallest of the sources that one is joined with (a union-find)."""
    while above[source] != source:
        above[source] = above[above[source]]
        source = above[source]
    return source

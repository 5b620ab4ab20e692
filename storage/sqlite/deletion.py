"""Removing items from the embedded store; functions work in a transaction of their caller's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from storage.book import DOCUMENT_BOOKS, VISITS, family_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

_TABLES = {"items": "identity", "raw": "identity", VISITS: "name"}
"""Where an item is, and the column that names it."""
_STRAY = "SELECT count(*) FROM terms_docsize WHERE id NOT IN (SELECT id FROM items)"


@contextmanager
def overwriting(db: sqlite3.Connection) -> Iterator[None]:
    """Overwrite what is deleted inside: free pages hold none of it."""
    db.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        db.execute("PRAGMA secure_delete = OFF")


def delete(db: sqlite3.Connection, identities: Sequence[str]) -> list[str]:
    """Remove items, their pages, words and visits; return those that were there."""
    marks = ",".join("?" * len(identities))
    ids = f"SELECT id FROM items WHERE identity IN ({marks})"  # noqa: S608
    rows = db.execute(f"SELECT identity FROM items WHERE identity IN ({marks})", identities)  # noqa: S608
    there = {identity for (identity,) in rows}
    db.execute(f"DELETE FROM terms WHERE rowid IN ({ids})", identities)  # noqa: S608
    families = [family_of(identity) for identity in identities]
    for table in DOCUMENT_BOOKS:
        db.execute(f"DELETE FROM {table} WHERE family IN ({marks})", families)  # noqa: S608
    for table in ("raw", VISITS, "items"):
        db.execute(f"DELETE FROM {table} WHERE {_TABLES[table]} IN ({marks})", identities)  # noqa: S608
    return [identity for identity in dict.fromkeys(identities) if identity in there]


def traces(db: sqlite3.Connection, identities: Sequence[str]) -> dict[str, int]:
    """Count what each table has of some items."""
    marks = ",".join("?" * len(identities))
    found = {
        table: f"SELECT count(*) FROM {table} WHERE {column} IN ({marks})"  # noqa: S608
        for table, column in _TABLES.items()
    }
    counts = {table: int(db.execute(sql, identities).fetchone()[0]) for table, sql in found.items()}
    families = [family_of(identity) for identity in identities]
    for table in DOCUMENT_BOOKS:
        sql = f"SELECT count(*) FROM {table} WHERE family IN ({marks})"  # noqa: S608
        counts[table] = int(db.execute(sql, families).fetchone()[0])
    return counts | {"terms": 0 if identities else int(db.execute(_STRAY).fetchone()[0])}

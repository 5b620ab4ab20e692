"""The tables of the file, and how files of earlier versions become like those of today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gleanery.errors import StoreError
from gleanery.json_text import read_json
from gleanery.sqlite_transaction import transaction
from storage.described import described
from storage.sqlite import book

if TYPE_CHECKING:
    import sqlite3

VERSION = 9
_SCHEMA = Path(__file__).with_suffix(".sql")
_COLUMNS = {
    "subcategory": "TEXT",
    "language": "TEXT",
    "author": "TEXT",
    "root": "TEXT",
    "published_at": "TEXT",
    "quality": "REAL",
}
"""What came with version 6, filled from the bodies; all others only added tables."""
_FILL = f"UPDATE items SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE id = :id"  # noqa: S608
BATCH = 500


def prepare(db: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Make the tables, or bring them up to date, in one transaction.

    Args:
        db: Without a transaction under way.
        path: Its file, for messages.
        read_only: Change nothing.

    Raises:
        StoreError: It is of a later version, or of an earlier one that must not be changed.
    """
    if (version := _version(db)) > VERSION:
        raise StoreError(f"{path} has schema {version}, this program knows {VERSION}")
    if version == VERSION:
        return
    if read_only:
        raise StoreError(
            f"{path} has schema {version}, this program needs {VERSION}: run `gleanery db init`"
            " (먼저 초기화하세요)"
        )
    with transaction(db):
        if _version(db) < VERSION:  # nobody else did it meanwhile
            _upgrade(db)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _upgrade(db: sqlite3.Connection) -> None:
    known = {row[1] for row in db.execute("PRAGMA table_info(items)")}
    missing = {name: kind for name, kind in _COLUMNS.items() if name not in known}
    if known and missing:
        for name, kind in missing.items():
            db.execute(f"ALTER TABLE items ADD COLUMN {name} {kind}")
        _fill(db)
    for statement in (_SCHEMA.read_text(encoding="utf-8") + book.SCHEMA).split(";\n"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _fill(db: sqlite3.Connection) -> None:
    last = 0
    while rows := db.execute(
        "SELECT id, body FROM items WHERE id > ? ORDER BY id LIMIT ?", (last, BATCH)
    ).fetchall():
        db.executemany(
            _FILL, [{**described(read_json(row["body"])), "id": row["id"]} for row in rows]
        )
        last = rows[-1]["id"]

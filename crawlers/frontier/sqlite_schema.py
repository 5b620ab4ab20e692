"""The tables of a frontier in SQLite, as a whole."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from crawlers.frontier.protocol import Budget

_SCHEMA = Path(__file__).with_name("scripts") / "schema.sql"
VERSION = 2
"""Kept in the file; a program refuses files of another one."""


def create_tables(db: sqlite3.Connection) -> None:
    """Create the tables inside the transaction, which ``executescript`` would end."""
    script = re.sub("--.*", "", _SCHEMA.read_text(encoding="utf-8"))
    for statement in script.split(";"):
        db.execute(statement)


def limit(db: sqlite3.Connection, budget: Budget) -> None:
    """Set what the crawl may use up; its time runs from the crawl's beginning."""
    set_limits(db, asdict(budget))


def set_limits(db: sqlite3.Connection, limits: Mapping[str, float]) -> None:
    """Set some of the fields of a ``Budget`` or a ``Speed``; the others stay."""
    values = dict(limits)
    if "max_seconds" in values:
        (began,) = db.execute("SELECT value FROM meta WHERE name = 'began'").fetchone()
        seconds = values.pop("max_seconds")
        values["deadline"] = began + int(seconds * 1000) if seconds else 0
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def is_over(db: sqlite3.Connection, *, since: int) -> bool:
    """Whether the crawl has ended and no worker was heard of after ``since`` (ms)."""
    (alive,) = db.execute("SELECT count(*) FROM workers WHERE beat_at > ?", (since,)).fetchone()
    (asked,) = db.execute("SELECT count(*) FROM meta WHERE name = 'ended'").fetchone()
    queued, in_flight, done = db.execute(
        "SELECT TOTAL(queued), TOTAL(in_flight), TOTAL(done) FROM levels"
    ).fetchone()
    return bool(not alive and (asked or (done and not queued and not in_flight)))


def note_end(db: sqlite3.Connection, *, since: int) -> bool:
    """Note that the crawl did what it was asked, unless a worker was heard of after ``since``.

    Returns:
        Whether nothing in the file is of use any more: it is noted, and there are no dead letters.
    """
    db.execute(
        "INSERT OR REPLACE INTO meta SELECT 'ended', 1"
        " WHERE NOT EXISTS (SELECT 1 FROM workers WHERE beat_at > ?)",
        (since,),
    )
    return is_useless(db)


def is_useless(db: sqlite3.Connection) -> bool:
    """Whether the crawl was noted to have ended, and left no dead letters."""
    (asked,) = db.execute("SELECT count(*) FROM meta WHERE name = 'ended'").fetchone()
    (dead,) = db.execute("SELECT count(*) FROM set_aside WHERE why = 'dead'").fetchone()
    return bool(asked and not dead)


def empty(db: sqlite3.Connection) -> None:
    """Forget the crawl."""
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own schema

"""One transaction of a SQLite connection that leaves them to us (``isolation_level=None``)."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def transaction(db: sqlite3.Connection, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
    """Commit what is done inside, or take all of it back and let the error through.

    Args:
        db: Connection; yielded as it is.
        reading: Whether nothing is written: others may write meanwhile.
    """
    db.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has taken it back by itself, or is gone
            db.execute("ROLLBACK")
        raise

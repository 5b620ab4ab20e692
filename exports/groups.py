"""Which threads must not be parted, as it was when the export began."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Self

from exports.sources import join_sources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quality import NearIndex


def keep_groups(
    index: NearIndex, path: Path, *, sources: Iterable[tuple[str, str]] | None = None
) -> None:
    """Copy the groups of an index into a file, whole or not at all.

    Args:
        index: Open.
        path: The file.
        sources: Threads and where they appeared, if what came from one source is to stay together.
    """
    beside = path.with_name(f"{path.name}.partial")
    beside.unlink(missing_ok=True)
    with closing(sqlite3.connect(beside)) as db:
        db.execute("CREATE TABLE groups (thread TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID")
        with db:
            db.executemany("INSERT INTO groups VALUES (?, ?)", index.groups())
        if sources is not None:
            join_sources(db, sources)
    beside.replace(path)


class Groups:
    """Reads that file; a context manager."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)

    def names(self, threads: Iterable[str]) -> dict[str, str]:
        """Return the names of the groups of some threads; those that stand alone are left out."""
        asked = list(set(threads))
        marks = ",".join("?" * len(asked))
        sql = f"SELECT thread, name FROM groups WHERE thread IN ({marks})"  # noqa: S608
        return dict(self._db.execute(sql, asked).fetchall())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

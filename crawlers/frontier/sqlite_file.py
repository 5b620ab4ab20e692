"""The file of a frontier in SQLite, when it comes and when it goes."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from crawlers.frontier.sqlite_schema import VERSION, is_useless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process opens or removes a file in ``folder``, then keep it so.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_useless(db: sqlite3.Connection, path: Path) -> None:
    """Remove the file if its crawl has ended for good and nobody else has it open.

    Call it within :func:`alone_in`, and close ``db`` within it, too: the last connection to close
    deletes the log by its name, which must not be the log of a file that came afterwards.
    """
    if is_useless(db) and _is_ours_alone(db):
        path.unlink()


def remove_stale(folder: Path, days: float, *, chosen: Callable[[str], bool]) -> list[str]:
    """Remove crawls that were stopped and not gone on with for ``days``.

    Args:
        folder: Where the files are; it need not exist.
        days: Age of the last change; workers change their file each few seconds.
        chosen: Says of a crawl's name, as the file has it, whether it may go.

    Returns:
        Names of the crawls that were removed.
    """
    removed = []
    with suppress(FileNotFoundError), alone_in(folder):
        for path in sorted(folder.glob("*.db")):
            log = path.with_name(f"{path.name}-wal")
            touched = max(file.stat().st_mtime for file in (path, log) if file.exists())
            if not chosen(path.stem) or time.time() - touched < days * 86_400:
                continue
            with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=0)) as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version == VERSION and _is_ours_alone(db):
                    path.unlink()
                    removed.append(path.stem)
    return removed


def _is_ours_alone(db: sqlite3.Connection) -> bool:
    """Whether no other process has the file open; if so, its log is written back and is gone."""
    (mode,) = db.execute("PRAGMA journal_mode = DELETE").fetchone()
    return bool(mode == "delete")

"""SQLite's errors as ours: what waiting heals is told from what it does not."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
"""The disk is full or failing: a person makes room, and the crawl goes on."""


class LockedError(FrontierUnavailableError):
    """Another process is at its own exchange, which takes milliseconds."""


@contextmanager
def naming_faults(path: Path) -> Iterator[None]:
    """Turn errors of the frontier's file ``path`` into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise FrontierGoneError(f"{path} is no longer there: the crawl was dropped") from error
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind = LockedError if code in LOCKED else FrontierError
        kind = FrontierUnavailableError if code in PASSING else kind
        raise kind(f"{path}: {error}") from error

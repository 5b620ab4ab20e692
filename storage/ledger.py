"""Where small tables of programs are kept: in MySQL where the store is, else in a file of SQLite.

Users, sessions and the audit of the admin page lie there; statements are SQLAlchemy's own, so one
text does for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import exc

from gleanery.errors import StoreError, StoreUnavailableError, WriteRejectedError
from storage.file_engine import file_engine, is_in_mysql
from storage.mysql.table import metadata
from storage.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Table

T = TypeVar("T")
BUSY_SECONDS = 10
"""Longest wait for another process that writes to the same file."""


class Ledger(ABC):
    """One database; methods block and may be called from any thread."""

    where: str
    """For messages."""

    @abstractmethod
    def transact(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` gives in a transaction of its own; it may be called again.

        Raises:
            StoreUnavailableError: It is away or locked; the same call may succeed later.
            WriteRejectedError: A value does not fit, or stands there already.
            StoreError: It refused us, or has no tables of ours.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection."""


def open_ledger(get: Callable[[str], Any], file: Path, tables: Sequence[Table]) -> Ledger:
    """Return the ledger that the settings name.

    Args:
        get: Value of a setting by its upper-case name.
        file: Used unless ``STORE`` keeps anything in MySQL; it is made, with ``tables``.
        tables: As ``storage.mysql.schema`` has them, too: there ``gleanery db init`` makes them.

    Raises:
        ConfigError: ``MYSQL_URL`` is missing or malformed.
        StoreError: The file cannot be opened.
    """
    if is_in_mysql(get):
        return ServerLedger(StoreOptions.read(get))
    return FileLedger(file, tables)


class ServerLedger(Ledger):
    """In MySQL or MariaDB."""

    def __init__(self, options: StoreOptions) -> None:
        from storage.mysql.database import Database  # noqa: PLC0415 - a laptop has no such driver

        self._database = Database(options)
        self.where = self._database.where

    def transact(self, work: Callable[[Connection], T]) -> T:
        return self._database.transact(work)

    def close(self) -> None:
        self._database.close()


class FileLedger(Ledger):
    """In a file of SQLite; commits are on disk before :meth:`transact` returns."""

    def __init__(self, file: Path, tables: Sequence[Table]) -> None:
        self.where = str(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)  # who may log in is nobody else's to read
        except OSError as error:
            raise StoreError(f"{file}: {error} (열 수 없습니다)") from error
        self._engine = file_engine(file, busy_seconds=BUSY_SECONDS, each_on_disk=True)
        self.transact(lambda db: metadata.create_all(db, tables, checkfirst=True))

    def transact(self, work: Callable[[Connection], T]) -> T:
        with _translated(self.where), self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Raise the driver's errors as ours."""
    try:
        yield
    except exc.OperationalError as error:
        raise StoreUnavailableError(f"{where}: {error.orig}") from error
    except exc.DBAPIError as error:
        raise WriteRejectedError(f"{where}: {error.orig}") from error

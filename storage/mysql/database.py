"""The connection: transactions, retries, and errors in our words."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pymysql import err
from sqlalchemy import Engine, create_engine, event, exc, make_url

from gleanery.errors import ConfigError, StoreError, StoreUnavailableError, WriteRejectedError
from storage.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Table

    from storage.options import StoreOptions

T = TypeVar("T")
RETRIES = 20
"""Attempts at a transaction that lost against another one."""
_LOST = {1020, 1062, 1205, 1213}
"""Changed meanwhile, entered meanwhile, waited too long for a lock, deadlock."""
_REFUSED = {1044, 1045, 1142, 1143, 1227, 1698}
_TOO_LARGE = {1153, 1118}
_NO_TABLE = 1146


class Database:
    """One pool of connections to one database."""

    def __init__(self, options: StoreOptions) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            ConfigError: ``MYSQL_URL`` is missing or malformed.
        """
        self.engine = make_engine(options)
        self.where = f"{self.engine.url.host or 'the socket'}/{self.engine.url.database}"

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` gives in a transaction of its own; repeat it if it lost to another.

        Raises:
            StoreUnavailableError: The server is away, or others win again and again.
            WriteRejectedError: The server refused a value.
            StoreError: It refused us.
        """
        for attempt in range(RETRIES):
            try:
                with translated(self.where), self.engine.begin() as connection:
                    return work(connection)
            except _LostError:
                time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311
        raise StoreUnavailableError(f"{self.where}: other writers came first {RETRIES} times")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def make_engine(options: StoreOptions) -> Engine:
    """Return an engine.

    Raises:
        ConfigError: ``MYSQL_URL`` is missing or malformed, or a certificate cannot be read.
    """
    if not options.mysql_url:
        raise ConfigError("GLEANERY_MYSQL_URL is not set (설정되지 않았습니다)")
    try:
        url = make_url(options.mysql_url).set(drivername="mysql+pymysql")
    except exc.ArgumentError:
        raise ConfigError("GLEANERY_MYSQL_URL is no mysql://user@host:port/database") from None
    if not url.database:
        raise ConfigError("GLEANERY_MYSQL_URL names no database: mysql://user@host:port/database")
    if options.mysql_password:
        url = url.set(password=options.mysql_password)
    arguments: dict[str, object] = {
        "charset": "utf8mb4",
        "connect_timeout": max(1, int(options.store_timeout_seconds)),
        "read_timeout": options.store_timeout_seconds,
        "write_timeout": options.store_timeout_seconds,
    }
    if context := client_context(
        ca=options.mysql_ca,
        cert=options.mysql_cert,
        key=options.mysql_key,
        prefix="GLEANERY_MYSQL",
    ):
        arguments["ssl"] = context  # given = required: PyMySQL 1.2 never falls back to plain
    engine = create_engine(
        url,
        connect_args=arguments,
        isolation_level="READ COMMITTED",  # no gap locks: writers of other items do not wait
        pool_size=options.store_pool_size,
        max_overflow=0,
        pool_timeout=options.store_timeout_seconds,
        pool_recycle=1800,
        pool_pre_ping=True,
        hide_parameters=True,  # errors are logged; what people wrote is not
    )

    @event.listens_for(engine, "connect")
    def _strict(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
            if options.read_only:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    return engine


def upsert(table: Table, *, key: tuple[str, ...], newer: str = "") -> str:
    """Return ``INSERT … ON DUPLICATE KEY UPDATE`` for rows in the order of the table's columns.

    Written by hand: PyMySQL sends many rows in one statement only if it ends so, with no parameter
    in its last part, and ``VALUES()`` is understood by both servers.

    Args:
        table: Where; a column ``id`` is left to the server.
        key: Columns that stay as they are.
        newer: Column that lets the new values in only if its own is at least as high.
    """
    names = [c.name for c in table.columns if c.name != "id"]
    # The guard itself goes last: assignments are made from left to right.
    changed = sorted((n for n in names if n not in key), key=lambda n: n == newer)
    sets = [
        f"`{n}` = IF(VALUES(`{newer}`) >= `{newer}`, VALUES(`{n}`), `{n}`)"
        if newer
        else f"`{n}` = VALUES(`{n}`)"
        for n in changed
    ]
    return f"{insert(table)} ON DUPLICATE KEY UPDATE {', '.join(sets)}"


def insert(table: Table) -> str:
    """Return ``INSERT`` for rows in the order of the table's columns, ``id`` left out."""
    names = [c.name for c in table.columns if c.name != "id"]
    columns = ", ".join(f"`{n}`" for n in names)
    return f"INSERT INTO `{table.name}` ({columns}) VALUES ({marks(len(names))})"  # noqa: S608


def marks(count: int) -> str:
    """Return places for ``count`` values of a list.

    SQLAlchemy's own lists, written anew for each call, take a crawl's batch several milliseconds.
    """
    return ", ".join(["%s"] * count)


class _LostError(Exception):
    """Another transaction came first: the same one may succeed when it is repeated."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise the driver's errors as ours."""
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreUnavailableError(f"{where}: every connection is in use") from error
    except exc.DBAPIError as error:
        raise _ours(error, where) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise WriteRejectedError(f"{where}: {error}") from error


def _ours(error: exc.DBAPIError, where: str) -> Exception:
    original = error.orig
    code = original.args[0] if original and original.args else 0
    text = f"{where}: {original}"
    if code in _LOST:
        return _LostError(text)
    if code == _NO_TABLE:
        return StoreError(f"{where} has no tables of ours: run `gleanery db init`")
    if code in _REFUSED:
        return StoreError(f"{text} (권한이 없습니다)")
    bad = isinstance(original, err.DataError | err.IntegrityError | UnicodeEncodeError)
    if bad or code in _TOO_LARGE:
        return WriteRejectedError(text)
    if isinstance(original, err.OperationalError | err.InterfaceError):
        return StoreUnavailableError(text)
    return StoreError(text)

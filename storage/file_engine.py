"""SQLAlchemy on a file of SQLite: what several processes read stays so until they have written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def is_in_mysql(get: Callable[[str], Any]) -> bool:
    """Whether programs' tables are in MySQL, with the store; else each has a file of its own.

    Args:
        get: Value of a setting by its upper-case name.
    """
    return "mysql" in str(get("STORE"))


def file_engine(file: Path, *, busy_seconds: float, each_on_disk: bool) -> Engine:
    """Return an engine whose transactions begin as writers, but for ``reading=True`` ones.

    Args:
        file: Made if it is not there.
        busy_seconds: Longest wait for another process that writes to it.
        each_on_disk: Whether a commit waits for the disk; else the last ones may be lost with the
            machine, though never with the process.
    """
    engine = create_engine(
        f"sqlite:///{file}", connect_args={"timeout": busy_seconds}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin late, after reading
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if each_on_disk else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine

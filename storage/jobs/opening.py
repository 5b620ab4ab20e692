"""Where the jobs' table is: in MySQL where the store uses it, else in ``HOME/jobs.db``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, MetaData, create_engine, event

from storage.jobs.ledger import JobLedger
from storage.jobs.schema import define_jobs
from storage.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY_SECONDS = 30
"""Longest wait for another process that writes to the file."""


def open_jobs(get: Callable[[str], Any], home: Path) -> JobLedger:
    """Open the ledger of jobs.

    Args:
        get: Value of a setting by its upper-case name.
        home: Folder of all state.

    Raises:
        ConfigError: The store is MySQL, and its address is missing or malformed.
    """
    if "mysql" in str(get("STORE")):
        from storage.mysql.database import make_engine  # noqa: PLC0415 - needs its driver
        from storage.mysql.schema import job_tables  # noqa: PLC0415

        return JobLedger(make_engine(StoreOptions.read(get)), job_tables)
    home.mkdir(parents=True, exist_ok=True)
    metadata = MetaData()
    tables = define_jobs(metadata)
    engine = _file(home / "jobs.db")
    with engine.begin() as connection:
        metadata.create_all(connection)
    return JobLedger(engine, tables)


def _file(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions below
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # what is read stays so until it is written
        reads = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine

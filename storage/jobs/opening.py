"""Where the jobs' table is: in MySQL where the store uses it, else in ``HOME/jobs.db``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, MetaData
from sqlalchemy.schema import CreateIndex

from storage.file_engine import file_engine, is_in_mysql
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
    if is_in_mysql(get):
        from storage.mysql.database import make_engine  # noqa: PLC0415 - needs its driver
        from storage.mysql.schema import job_tables  # noqa: PLC0415

        return JobLedger(make_engine(StoreOptions.read(get)), job_tables)
    home.mkdir(parents=True, exist_ok=True)
    metadata = MetaData()
    tables = define_jobs(metadata)
    c = tables.jobs.c  # all that a list is filtered by, and no stats; a server has no such index
    said = (c.job, c.arguments, c.settings, c.reason)
    Index("jobs_said", c.number, *said, c.spider, c.state, c.node, c.parent)
    engine = file_engine(home / "jobs.db", busy_seconds=BUSY_SECONDS, each_on_disk=False)
    with engine.begin() as connection:
        metadata.create_all(connection)
        for index in sorted(tables.jobs.indexes, key=lambda each: str(each.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))  # on a table of before
    return JobLedger(engine, tables)

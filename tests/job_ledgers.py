"""The jobs' tables, empty, opened by several programs, in a file or in MySQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import StoreOptions
from storage.jobs import JobLedger, open_jobs


@contextmanager
def job_ledgers(
    request: pytest.FixtureRequest, home: Path, number: int
) -> Iterator[list[JobLedger]]:
    """Open them ``number`` times; ``request.param`` is ``file`` or ``mysql``."""
    get = {"STORE": "sqlite"}.get
    if request.param == "mysql":
        from storage.mysql import migrate  # noqa: PLC0415 - an extra
        from storage.mysql.database import Database  # noqa: PLC0415

        url = request.getfixturevalue("mysql_server")
        migrate.upgrade(Database(StoreOptions(mysql_url=url)))
        get = {"STORE": "mysql", "MYSQL_URL": url}.get
    made = [open_jobs(get, home) for _ in range(number)]
    tables = made[0].tables
    with made[0].engine.begin() as db:
        for table in (tables.jobs, tables.events, tables.schedules, tables.notices):
            db.execute(table.delete())
    yield made
    for each in made:
        each.close()

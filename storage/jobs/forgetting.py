"""What jobs that have ended still say of whom and what they asked for, and how it is taken out."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from storage.branch import OTHERS, Branch
from storage.jobs.job import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from storage.jobs.ledger import JobLedger

PAGE = 500
"""Jobs read at once."""


@dataclass(frozen=True, slots=True)
class Past:
    """A job that has ended."""

    number: int
    job: str
    spider: str
    arguments: dict[str, str]
    branches: tuple[Branch, ...]
    """Of its crawl, for its charts."""

    def without(self, is_named: Callable[[str], bool]) -> Past:
        """Return it without the arguments and the seeds' labels of which ``is_named`` is true.

        Args:
            is_named: Asked with labels, ``platform:kind=value``.
        """
        kept = {
            kind: value
            for kind, value in self.arguments.items()
            if not is_named(f"{self.spider}:{kind}={value}")
        }
        branches = (replace(b, seed=OTHERS) if is_named(b.seed) else b for b in self.branches)
        return replace(self, arguments=kept, branches=tuple(branches))


def past_jobs(ledger: JobLedger) -> Iterator[Past]:
    """Yield the jobs that have ended, while others may be written; memory does not grow."""
    jobs, branches = ledger.tables.jobs, ledger.tables.branches
    c = jobs.c
    query = select(c.number, c.job, c.spider, c.arguments, branches.c.branches)
    query = query.join_from(jobs, branches, branches.c.job == c.job, isouter=True)
    query = query.where(c.state.in_(ENDED)).order_by(c.number).limit(PAGE)

    def after(number: int) -> list[tuple[Any, ...]]:
        asked = query.where(c.number > number)
        return ledger.read(lambda db: [tuple(row) for row in db.execute(asked)])

    last = 0
    while rows := after(last):
        for number, job, spider, arguments, found in rows:
            parts = tuple(Branch(**part) for part in json.loads(found or "[]"))
            yield Past(number, job, spider, json.loads(arguments), parts)
        last = rows[-1][0]


def rewrite(ledger: JobLedger, past: Past) -> None:
    """Write a job's arguments and branches over those that are kept.

    Raises:
        StoreError: The tables are away.
    """
    jobs, branches = ledger.tables.jobs, ledger.tables.branches
    arguments = json.dumps(past.arguments, ensure_ascii=False)
    parts = json.dumps([asdict(part) for part in past.branches], ensure_ascii=False)

    def work(db: Connection) -> None:
        if db.dialect.name == "sqlite":
            db.exec_driver_sql("PRAGMA secure_delete = ON")  # nothing of it stays in free pages
        db.execute(update(jobs).where(jobs.c.job == past.job).values(arguments=arguments))
        db.execute(update(branches).where(branches.c.job == past.job).values(branches=parts))

    ledger.transact(work)


def empty_log(ledger: JobLedger) -> None:
    """Move what was written over into SQLite's file: its log holds the pages of before."""
    if ledger.engine.dialect.name == "sqlite":
        with closing(ledger.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

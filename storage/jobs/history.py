"""How jobs got on, kept for their charts; bounded for each, and forgotten with age."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from storage.branch import Branch
from storage.jobs.job import instant
from storage.jobs.sample import Sample, picked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from storage.jobs.ledger import JobLedger

STEP_SECONDS = 2
"""Between two samples of a young job."""
MOST = 400
"""Samples of a running job; then every second one goes, and the step is twice as long."""
MOST_ENDED = 120
"""Samples that are kept of a job once it has ended."""


def step_of(seconds: float, most: int = MOST) -> int:
    """Return the time between two samples, in seconds, of what has taken so long."""
    step = STEP_SECONDS
    while seconds > most * step:
        step *= 2
    return step


class JobHistory:
    """Samples and branches of jobs; any number of processes may write the same."""

    def __init__(self, ledger: JobLedger) -> None:
        self._ledger = ledger
        self._samples, self._branches = ledger.tables.samples, ledger.tables.branches

    def keep(self, samples: Iterable[tuple[str, Sample]]) -> None:
        """Keep samples, each with its job's name; the first one of a moment stays.

        Raises:
            StoreError: The tables are away.
        """
        rows = [{"job": job, "at": sample.at, "facts": sample.facts()} for job, sample in samples]
        new = insert(self._samples).prefix_with("OR IGNORE", dialect="sqlite")
        new = new.prefix_with("IGNORE", dialect="mysql")
        if rows:
            self._ledger.transact(lambda db: db.execute(new, rows))

    def read(self, job: str, *, since: int = 0, most: int = 10 * MOST) -> list[Sample]:
        """Return the samples of a job, in order.

        Args:
            job: Its name.
            since: Seconds since 1970.
            most: Samples at most, evenly chosen.
        """
        c = self._samples.c
        query = select(c.at, c.facts).where(c.job == job, c.at >= since).order_by(c.at)
        rows = self._ledger.read(lambda db: db.execute(query).all())
        return [Sample.read(*rows[i]) for i in picked(len(rows), most)]

    def first_at(self, job: str) -> int | None:
        """Return the time of a job's first sample."""
        c = self._samples.c
        query = select(func.min(c.at)).where(c.job == job)
        return self._ledger.read(lambda db: db.execute(query).scalar())

    def thin(self, job: str, step: int) -> None:
        """Leave of a job's samples those at multiples of ``step`` seconds, and the last one."""
        c = self._samples.c
        last = select(func.max(c.at)).where(c.job == job)

        def work(db: Connection) -> None:
            newest = db.execute(last).scalar()
            db.execute(delete(self._samples).where(c.job == job, c.at % step != 0, c.at != newest))

        self._ledger.transact(work)

    def forget(self, days: float) -> None:
        """Delete what is older."""
        samples, branches = self._samples, self._branches
        at = instant(days * 86400)
        second = int(datetime.fromisoformat(at).timestamp())

        def work(db: Connection) -> None:
            db.execute(delete(samples).where(samples.c.at < second))
            db.execute(delete(branches).where(branches.c.at < at))

        self._ledger.transact(work)

    def keep_branches(self, job: str, found: Sequence[Branch]) -> None:
        """Keep the branches of a job's crawl, in place of those before."""
        table = self._branches
        text = json.dumps([asdict(each) for each in found], ensure_ascii=False)
        values = {"at": instant(), "branches": text}

        def work(db: Connection) -> None:
            if not db.execute(update(table).where(table.c.job == job).values(**values)).rowcount:
                db.execute(insert(table).values(job=job, **values))

        self._ledger.transact(work)

    def branches(self, job: str) -> list[Branch]:
        """Return the branches of a job's crawl."""
        table = self._branches
        query = select(table.c.branches).where(table.c.job == job)
        text = self._ledger.read(lambda db: db.execute(query).scalar())
        return [Branch(**row) for row in json.loads(text or "[]")]

"""Schedules beside the jobs they start; each run is claimed by the one change that queues it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, select, update

from gleanery.errors import StoreError, StoreUnavailableError
from storage.jobs.job import ENDED, instant
from storage.jobs.schedule import Schedule, next_times

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.jobs.job import Job
    from storage.jobs.ledger import JobLedger


class Schedules:
    """The table ``schedules``; safe to use from threads and from many processes."""

    def __init__(self, ledger: JobLedger) -> None:
        self.ledger = ledger
        self.table = ledger.tables.schedules

    def add(self, schedule: Schedule) -> bool:
        """Keep a new one, first due at its next time; return whether its name was free."""
        values = asdict(schedule)
        values |= {k: json.dumps(values[k], ensure_ascii=False) for k in ("arguments", "settings")}
        values |= {"created_at": instant(), "next_at": _next(schedule)}
        query = insert(self.table).values(**values)
        try:
            self.ledger.transact(lambda db: db.execute(query).rowcount)
        except StoreUnavailableError:
            raise
        except StoreError:
            if self.find(schedule.name) is None:
                raise
            return False
        return True

    def remove(self, name: str) -> bool:
        """Forget one; its jobs stay. Return whether it was there."""
        query = delete(self.table).where(self.table.c.name == name)
        return self.ledger.transact(lambda db: bool(db.execute(query).rowcount))

    def find(self, name: str) -> Schedule | None:
        """Return one by its name."""
        query = select(self.table).where(self.table.c.name == name)
        row = self.ledger.read(lambda db: db.execute(query).mappings().first())
        return Schedule.read(dict(row)) if row else None

    def all(self) -> list[Schedule]:
        """Return all, by name."""
        query = select(self.table).order_by(self.table.c.name)
        rows = self.ledger.read(lambda db: db.execute(query).mappings().all())
        return [Schedule.read(dict(row)) for row in rows]

    def fire(self) -> list[Job]:
        """Queue a job of each that is due; one that was missed for long is made up for once.

        One whose last job has not ended stays due until it has.
        """
        query = select(self.table).where(self.table.c.next_at <= instant())
        rows = self.ledger.read(lambda db: db.execute(query).mappings().all())
        due = [Schedule.read(dict(row)) for row in rows]
        return [job for schedule in due if (job := self._begin(schedule, on_time=True))]

    def run(self, schedule: Schedule) -> Job | None:
        """Queue a job of it now, its times stay; ``None`` if its last one has not ended."""
        return self._begin(schedule, on_time=False)

    def _begin(self, schedule: Schedule, *, on_time: bool) -> Job | None:
        job, c, jobs = schedule.new_job(), self.table.c, self.ledger.tables.jobs.c
        still = exists().where(jobs.job == c.job, jobs.state.not_in(ENDED)).correlate(self.table)
        ours = (c.name == schedule.name, c.created_at == schedule.created_at, ~still)
        claim = update(self.table).where(*ours).values(job=job.job, last_at=instant())
        if on_time:
            claim = claim.where(c.next_at == schedule.next_at).values(next_at=_next(schedule))

        def work(db: Connection) -> Job | None:
            if not db.execute(claim).rowcount:
                return None
            self.ledger.insert(db, job, detail=f"schedule: {schedule.name}")
            return job

        return self.ledger.transact(work)


def _next(schedule: Schedule) -> str | None:
    times = next_times(schedule.cron, schedule.zone, 1)
    return times[0].astimezone(UTC).isoformat(timespec="milliseconds") if times else None

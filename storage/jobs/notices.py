"""What people are to be told of jobs; written with the event itself, claimed by who tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import insert, select, update

from gleanery.close_reasons import did_its_work
from storage.jobs.job import instant

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Table

    from storage.jobs.ledger import JobLedger

Way = Literal["webhook", "email"]
WAYS: tuple[Way, ...] = get_args(Way)
EVENTS = ("failed", "stalled", "lost", "budget", "anomaly")
"""``budget``: a job finished because a limit was reached; ``anomaly``: it finished out of line."""
LEASE_SECONDS = 300
"""Time to tell one; after it another process tries, so a killed one loses none."""
BACKOFF_SECONDS = (10, 60, 300, 1800, 7200)
"""Waits after a first, second … failure; then it is given up."""
KEPT_SECONDS = 86_400
"""Age at which nobody is told any more, e.g. what happened before this was switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event to be told in one way."""

    number: int
    event: str
    job: str
    detail: str
    at: str
    attempts: int
    """Before this one."""


def kind_of(event: str, detail: str) -> str:
    """Return which of ``EVENTS`` an event of a job is; empty = none."""
    if event == "finished" and detail != "finished" and did_its_work(detail):
        return "budget"
    return event if event in EVENTS else ""


def note(db: Connection, table: Table, job: str, event: str, detail: str) -> None:
    """Write what is to be told of an event, within its transaction."""
    if kind := kind_of(event, detail):
        now = instant()
        row = {"event": kind, "job": job, "detail": detail, "at": now, "attempts": 0}
        db.execute(insert(table), [row | {"way": way, "next_at": now} for way in WAYS])


class Notices:
    """The table ``job_notices``; safe to use from threads and from many processes."""

    def __init__(self, ledger: JobLedger) -> None:
        self.ledger = ledger
        self.table = ledger.tables.notices

    def claim(self, way: Way, events: Collection[str]) -> Notice | None:
        """Return one to be told now, ours alone to tell for ``LEASE_SECONDS``; ``None`` = none."""
        c = self.table.c
        query = select(self.table).where(c.way == way, c.next_at <= instant())
        rows = self.ledger.read(
            lambda db: db.execute(query.order_by(c.next_at).limit(100)).mappings().all()
        )
        for row in rows:
            wanted = row["event"] in events and row["at"] > instant(KEPT_SECONDS)
            until = instant(-LEASE_SECONDS) if wanted else None
            ours = self._change(row["number"], row["next_at"], next_at=until)
            if wanted and ours:
                return Notice(**{name: row[name] for name in Notice.__slots__})
        return None

    def told(self, notice: Notice) -> None:
        """Note that it was told."""
        done = {"next_at": None, "sent_at": instant(), "error": None}
        self._change(notice.number, attempts=notice.attempts + 1, **done)

    def failed(self, notice: Notice, error: str) -> bool:
        """Note that it was not; return whether it is tried again."""
        again = notice.attempts < len(BACKOFF_SECONDS)
        after = instant(-BACKOFF_SECONDS[notice.attempts]) if again else None
        self._change(notice.number, attempts=notice.attempts + 1, next_at=after, error=error)
        return again

    def _change(self, number: int, due_at: str | None = None, **values: Any) -> bool:
        query = update(self.table).where(self.table.c.number == number).values(**values)
        if due_at:
            query = query.where(self.table.c.next_at == due_at)
        return self.ledger.transact(lambda db: bool(db.execute(query).rowcount))

"""Every step in a job's life, each in one transaction; who comes second changes nothing."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine, delete, exc, insert, update

from gleanery.errors import StoreError, StoreUnavailableError
from storage.jobs import finding, notices
from storage.jobs.comparing import RUNS, compare
from storage.jobs.job import ACTIVE, Job, JobEvent, Node, State, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection

    from storage.jobs.finding import JobFilter
    from storage.jobs.schema import JobTables

T = TypeVar("T")
NOT_STORED = {"number"}
PAUSED = "frontier/paused"
"""Stat of a job whose crawl somebody has paused."""
KILL = "SIGKILL"


class JobLedger:
    """The jobs' tables; safe to use from threads and from many processes."""

    def __init__(self, engine: Engine, tables: JobTables) -> None:
        self.engine = engine
        self._reader = engine.execution_options(reading=True)  # SQLite: waits for no writer
        self.tables = tables

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    # --- a job's life
    def add(self, job: Job) -> bool:
        """Queue a new job; return whether its name was free."""
        try:
            return self.transact(lambda db: self.insert(db, job))
        except _ThereError:
            return False

    def insert(self, db: Connection, job: Job, detail: str = "") -> bool:
        """Queue a new job, within a transaction; ``detail`` says what asked for it."""
        values = {name: getattr(job, name) for name in job.__slots__ if name not in NOT_STORED}
        for name in ("arguments", "settings", "stats"):
            values[name] = json.dumps(values[name], ensure_ascii=False)
        db.execute(insert(self.tables.jobs).values(**values | {"created_at": instant()}))
        again = f"again: {job.parent}" if job.parent else ""
        self._note(db, job.job, "queued", detail=detail or again)
        return True

    def take(self, job: str, node: str) -> Job | None:
        """Let a node have a job; ``None`` if it is not queued (any more)."""

        def work(db: Connection) -> Job | None:
            found = finding.find(db, self.tables, job)
            now = instant()
            fresh = {"heartbeat_at": now, "progress_at": now, "progress": 0, "stats": "{}"}
            gone = dict.fromkeys(("ended_at", "reason", "exit_code", "signal", "pid"))
            started = {"state": "running", "node": node, "started_at": now}
            if found is None or not self._change(
                db, job, ("queued",), attempt=found.attempt + 1, **fresh, **gone, **started
            ):
                return None
            self._note(db, job, "started", node=node)
            return finding.find(db, self.tables, job)

        return self.transact(work)

    def started(self, job: str, *, pid: int, version: str) -> None:
        """Note the process of a job."""
        self.transact(lambda db: self._change(db, job, ACTIVE, pid=pid, version=version))

    def beat(self, job: str, *, pid: int, progress: int, stats: dict[str, Any]) -> None:
        """Say that a job's process lives.

        Args:
            job: Its name.
            pid: Of the process; one that was given up for lost is not heard.
            progress: Pages and items so far; more than before = it gets on.
            stats: Scrapy's, plain values only.
        """
        text = json.dumps(stats, ensure_ascii=False)

        def work(db: Connection) -> None:
            found = finding.find(db, self.tables, job)
            if found is None or found.pid not in (None, pid):
                return
            now, change = instant(), dict[str, Any]()
            if progress > found.progress or stats.get(PAUSED):  # who pauses it expects no page
                change = {"progress": progress, "progress_at": now, "state": "running"}
                if found.state == "stalled":
                    self._note(db, job, "goes on", node=found.node)
            self._change(db, job, ACTIVE, heartbeat_at=now, stats=text, **change)

        self.transact(work)

    def closed(self, job: str, reason: str) -> None:
        """Note why the spider closed; how the process ends is said by its node."""
        self.transact(lambda db: self._change(db, job, ACTIVE, reason=reason))

    def end(self, job: str, state: State, *, node: str | None = None, **facts: Any) -> bool:
        """End a job that runs; ``facts`` are ``reason``, ``exit_code``, ``signal``."""

        def work(db: Connection) -> bool:
            if not self._change(db, job, ACTIVE, state=state, ended_at=instant(), **facts):
                return False
            self._note(db, job, state, node=node, detail=str(facts.get("reason") or ""))
            if state == "finished":
                self._note_anomalies(db, job, node)
            return True

        return self.transact(work)

    def requeue(self, job: str, event: str, *, node: str | None = None, detail: str = "") -> bool:
        """Put a job that ran back into the queue; ``event`` says why."""

        def work(db: Connection) -> bool:
            if not self._change(db, job, ACTIVE, state="queued", reason=event, node=None, pid=None):
                return False
            self._note(db, job, event, node=node, detail=detail)
            return True

        return self.transact(work)

    def stall(self, job: str, detail: str) -> bool:
        """Mark a running job as one that gets nowhere."""

        def work(db: Connection) -> bool:
            if not self._change(db, job, ("running",), state="stalled"):
                return False
            self._note(db, job, "stalled", detail=detail)
            return True

        return self.transact(work)

    def cancel(self, job: str, *, now: bool = False) -> State | None:
        """Ask for a job's end; return its state before, ``None`` if there is no such job.

        What is queued ends here; what runs is ended by its node within a second or two: in good
        order, or ``now``, without waiting for what is under way, which its frontier keeps.
        """
        how = {"cancel": True} | ({"signal": KILL} if now else {})

        def work(db: Connection) -> State | None:
            found = finding.find(db, self.tables, job)
            if found is None:
                return None
            end = {"state": "cancelled", "ended_at": instant(), "reason": "cancelled"}
            if self._change(db, job, ("queued",), cancel=True, **end):
                self._note(db, job, "cancelled")
            elif self._change(db, job, ACTIVE, **how):
                self._note(db, job, "to be cancelled", detail="now" if now else "")
            return found.state

        return self.transact(work)

    # --- nodes
    def report(self, node: Node) -> None:
        """Say what a node does."""
        values = {"heartbeat_at": instant(), "slots": node.slots, "draining": node.draining}
        values["running"] = json.dumps(node.running)
        table = self.tables.nodes

        def work(db: Connection) -> None:
            if not db.execute(
                update(table).where(table.c.name == node.name).values(**values)
            ).rowcount:
                db.execute(insert(table).values(name=node.name, **values))

        self.transact(work)

    def leave(self, name: str) -> None:
        """Forget a node."""
        table = self.tables.nodes
        self.transact(lambda db: db.execute(delete(table).where(table.c.name == name)).rowcount)

    def nodes(self, *, within_seconds: float) -> list[Node]:
        """Return the nodes heard of lately."""
        return self.read(lambda db: finding.nodes(db, self.tables, within_seconds=within_seconds))

    def order(self, name: str, *, drain: bool) -> None:
        """Tell a node, now or when it comes, to start no job any more, or to start jobs again."""
        table, values = self.tables.orders, {"drain": drain, "at": instant()}

        def work(db: Connection) -> None:
            if not db.execute(update(table).where(table.c.name == name).values(**values)).rowcount:
                db.execute(insert(table).values(name=name, **values))

        self.transact(work)

    def drained(self) -> set[str]:
        """Return the names of the nodes that are to start no job."""
        return self.read(lambda db: finding.drained(db, self.tables))

    def versions(self, nodes: Collection[str]) -> dict[str, str]:
        """Return by node the version of the job that it began last."""
        return self.read(lambda db: finding.last_versions(db, self.tables, nodes))

    # --- questions
    def find(self, job: str) -> Job | None:
        """Return a job by its name."""
        return self.read(lambda db: finding.find(db, self.tables, job))

    def named(self, names: Collection[str]) -> list[Job]:
        """Return the jobs of these names, in no order."""
        return self.read(lambda db: finding.named(db, self.tables, names))

    def page(
        self, wanted: JobFilter, *, cursor: int | None = None, limit: int = 50,
        seconds: float = math.inf,
    ) -> tuple[list[Job], int | None]:  # fmt: skip
        """Return jobs, newest first, and the cursor of the next page.

        A search for a text that takes longer than ``seconds`` gives what it has found by then.
        """
        return self.read(
            lambda db: finding.page(
                db, self.tables, wanted, cursor=cursor, limit=limit, seconds=seconds
            )
        )

    def runs_before(self, job: Job, limit: int) -> list[Job]:
        """Return the last finished jobs before ``job`` that were asked for the same."""
        return self.read(lambda db: finding.runs_before(db, self.tables, job, limit))

    def in_states(self, *states: State) -> list[Job]:
        """Return all jobs in these states, oldest first."""
        return self.read(lambda db: finding.in_states(db, self.tables, *states))

    def queue(self, project: str = "default") -> list[Job]:
        """Return what waits, in the order of starting."""
        return self.read(lambda db: finding.queue(db, self.tables, project))

    def first(self, project: str = "default") -> Job | None:
        """Return the job that is to start next."""
        return self.read(lambda db: next(iter(finding.queue(db, self.tables, project, 1)), None))

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        return self.read(lambda db: finding.counts(db, self.tables))

    def events(self, job: str) -> list[JobEvent]:
        """Return what happened to a job, in order."""
        return self.read(lambda db: finding.events(db, self.tables, job))

    def last_event(self) -> int:
        """Return the number of the newest event of all jobs; 0 if there is none."""
        return self.read(lambda db: finding.last_event(db, self.tables))

    def events_after(self, number: int, limit: int = 10_000) -> list[tuple[int, JobEvent]]:
        """Return the events of all jobs with a higher number, in order, each with its own."""
        return self.read(lambda db: finding.events_after(db, self.tables, number, limit))

    # --- the tables
    def _change(self, db: Connection, job: str, states: Sequence[State], **values: Any) -> bool:
        table = self.tables.jobs
        query = update(table).where(table.c.job == job, table.c.state.in_(states))
        return bool(db.execute(query.values(**values)).rowcount)

    def _note(
        self, db: Connection, job: str, event: str, *, node: str | None = None, detail: str = ""
    ) -> None:
        values = {"job": job, "at": instant(), "event": event, "node": node, "detail": detail}
        db.execute(insert(self.tables.events).values(**values))
        notices.note(db, self.tables.notices, job, event, detail)

    def _note_anomalies(self, db: Connection, job: str, node: str | None) -> None:
        """Hold a job that has just finished against the runs before it."""
        found = finding.find(db, self.tables, job)
        before = finding.runs_before(db, self.tables, found, RUNS) if found else []
        if found and (odd := compare(found, before).anomalies):
            self._note(db, job, "anomaly", node=node, detail="; ".join(map(str, odd)))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Ask the tables something; waits for nobody who writes."""
        return self.transact(work, self._reader)

    def transact(self, work: Callable[[Connection], T], engine: Engine | None = None) -> T:
        """Do ``work`` as a whole or not at all.

        Raises:
            StoreUnavailableError: The tables are away.
            StoreError: They refuse it, e.g. a name that is there already.
        """
        try:
            with (engine or self.engine).begin() as db:
                return work(db)
        except exc.IntegrityError as error:
            raise _ThereError(str(error.orig)) from error
        except exc.OperationalError as error:
            raise StoreUnavailableError(f"jobs: {error.orig} (작업 저장소)") from error
        except exc.DBAPIError as error:
            raise StoreError(f"jobs: {error.orig} (작업 저장소)") from error


class _ThereError(StoreError):
    """The name is taken."""

"""The work queue of one machine: a SQLite file that several processes share."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gleanery.errors import StoreError, StoreUnavailableError
from gleanery.sqlite_transaction import transaction
from storage.work.job import MOST_HISTORY, Counts, check_steps, job_of, lines, one_line
from storage.work.queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from storage.work.job import Failed, Held, Job, Put, Rules

SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).with_suffix(".sql")
BUSY_SECONDS = 10.0
"""Longest wait for another process's transaction, which takes milliseconds."""
_JOB = "identity, left, finished, payload, lease, failures, history"


class SqliteWorkQueue(WorkQueue):
    """One file; a call has reached the disk when it returns (``synchronous=FULL``)."""

    def __init__(self, path: Path, rules: Rules | None = None) -> None:
        super().__init__(rules)
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def open(self) -> None:
        with _translated(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA_VERSION):
                db.close()
                raise StoreError(f"{self.path} has schema {version}, not {SCHEMA_VERSION}")
            if not version:
                schema = _SCHEMA.read_text(encoding="utf-8")
                db.executescript(
                    f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                )
            self._db = db

    def close(self) -> None:
        with self._lock:
            if self._db:
                self._db.close()
            self._db = None

    def put(
        self,
        identity: str,
        steps: list[str],
        payload: Mapping[str, Any] | None = None,
        *,
        limit: int = 0,
    ) -> Put:
        check_steps(steps)
        body = json.dumps(payload or {}, ensure_ascii=False)
        with self._transaction() as db:
            row = db.execute(
                "SELECT state, left, finished FROM jobs WHERE identity = ?", (identity,)
            ).fetchone()
            left = lines(row["left"]) if row else []
            known = {*left, *(lines(row["finished"]) if row else ())}
            new = [step for step in steps if step not in known]
            if not new:
                return "known"
            text = "\n".join([*left, *new])
            if row and row["state"] != "done":
                db.execute(
                    "UPDATE jobs SET left = ?, payload = ? WHERE identity = ?",
                    (text, body, identity),
                )
                return "queued"
            if limit and _count(db, "state = 'queued'") >= limit:
                return "full"
            db.execute(
                "INSERT INTO jobs (identity, state, at, number, left, payload)"
                " VALUES (?, 'queued', ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET"
                " state = 'queued', at = excluded.at, number = excluded.number,"
                " left = excluded.left, payload = excluded.payload",
                (identity, _now(), _next(db), text, body),
            )
        return "queued"

    def lease(self, worker: str, want: int = 0, held: Iterable[Held] = ()) -> list[Job]:
        known = {(h.identity, h.lease) for h in held}
        with self._transaction() as db:
            now = _now()
            db.execute("INSERT OR REPLACE INTO workers VALUES (?, ?)", (worker, now))
            for (silent,) in db.execute(
                "SELECT worker FROM workers WHERE beat_at <= ?", (now - self.rules.lease_ms,)
            ).fetchall():
                for row in _leased(db, silent):
                    self._strike(db, row["identity"], silent, "died", "deaths", now)
                db.execute("DELETE FROM workers WHERE worker = ?", (silent,))
            for row in _leased(db, worker):
                if (row["identity"], row["lease"]) not in known:
                    _queue(db, row["identity"], now)
            rows = db.execute(
                f"SELECT {_JOB} FROM jobs WHERE state = 'queued' AND at <= ?"  # noqa: S608
                " ORDER BY at, number LIMIT ?",
                (now, want),
            ).fetchall()
            return [_take(db, row, worker, now) for row in rows]

    def finish(self, held: Held, step: str) -> list[str] | None:
        with self._transaction() as db:
            row = _found(db, held)
            if row is None:
                return None
            left = lines(row["left"])
            if row["state"] != "leased":  # done, and the answer that said so was lost
                return left if row["state"] == "done" else None
            if step in left:
                left.remove(step)
                db.execute(
                    "UPDATE jobs SET left = ?, finished = ?, failures = 0, deaths = 0"
                    " WHERE identity = ?",
                    (
                        "\n".join(left),
                        "\n".join([*lines(row["finished"]), step]),
                        held.identity,
                    ),
                )
            if not left:
                db.execute(
                    "UPDATE jobs SET state = 'done', at = ?, payload = '{}', history = ''"
                    " WHERE identity = ?",
                    (_now(), held.identity),
                )
            return left

    def fail(self, held: Held, worker: str, reason: str, *, delay: float = 0) -> Failed:
        with self._transaction() as db:
            row = _found(db, held)
            if row is None or row["state"] == "done":
                return "late"
            if row["state"] == "leased":
                later = _now() + int(delay * 1000)
                self._strike(db, held.identity, worker, one_line(reason), "failures", later)
                row = _found(db, held)
            return "parked" if row and row["state"] == "parked" else "queued"

    def release(self, held: Held, delay: float = 0) -> bool:
        with self._transaction() as db:
            row = _found(db, held)
            if row and row["state"] == "leased":
                _queue(db, held.identity, _now() + int(delay * 1000))
            return row is not None

    def leave(self, worker: str) -> None:
        with self._transaction() as db:
            for row in _leased(db, worker):
                _queue(db, row["identity"], _now())
            db.execute("DELETE FROM workers WHERE worker = ?", (worker,))

    def parked(self, limit: int = 100) -> list[Job]:
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {_JOB} FROM jobs WHERE state = 'parked' ORDER BY at, number LIMIT ?",  # noqa: S608
                (limit,),
            ).fetchall()
        return [job_of(**row) for row in rows]

    def requeue(self, identities: Sequence[str] | Literal["all"]) -> int:
        with self._transaction() as db:
            if identities == "all":
                rows = db.execute(
                    "SELECT identity FROM jobs WHERE state = 'parked' ORDER BY at, number"
                )
                identities = [row["identity"] for row in rows.fetchall()]
            moved = 0
            for identity in identities:
                done = db.execute(
                    "UPDATE jobs SET state = 'queued', at = ?, number = ?, failures = 0, deaths = 0"
                    " WHERE identity = ? AND state = 'parked'",
                    (_now(), _next(db), identity),
                )
                moved += done.rowcount
            return moved

    def remove(self, identities: Sequence[str]) -> list[str]:
        with self._transaction() as db:
            found = _known(db, identities)
            db.executemany("DELETE FROM jobs WHERE identity = ?", [(i,) for i in found])
            return found

    def known(self, identities: Sequence[str]) -> list[str]:
        with self._transaction() as db:
            return _known(db, identities)

    def counts(self) -> Counts:
        with self._transaction() as db:
            now = _now()
            return Counts(
                queued=_count(db, "state = 'queued'"),
                delayed=_count(db, "state = 'queued' AND at > ?", now),
                leased=_count(db, "state = 'leased'"),
                parked=_count(db, "state = 'parked'"),
                done=_count(db, "state = 'done'"),
                workers=db.execute(
                    "SELECT count(*) FROM workers WHERE beat_at > ?", (now - self.rules.lease_ms,)
                ).fetchone()[0],
            )

    # --- inside
    def _strike(  # noqa: PLR0917
        self, db: sqlite3.Connection, identity: str, worker: str, reason: str, why: str, at: int
    ) -> None:
        """Count a failure or a death; queue again for ``at``, or park after too many."""
        row = db.execute(
            "SELECT failures, deaths, history FROM jobs WHERE identity = ?", (identity,)
        ).fetchone()
        failures, deaths = row["failures"] + (why == "failures"), row["deaths"] + (why == "deaths")
        history = [*lines(row["history"]), f"{_now()}\t{worker}\t{reason}"][-MOST_HISTORY:]
        db.execute(
            "UPDATE jobs SET failures = ?, deaths = ?, history = ? WHERE identity = ?",
            (failures, deaths, "\n".join(history), identity),
        )
        if failures >= self.rules.max_attempts or deaths >= self.rules.max_deaths:
            db.execute(
                "UPDATE jobs SET state = 'parked', at = ? WHERE identity = ?", (_now(), identity)
            )
        else:
            _queue(db, identity, at)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.path):
            if (db := self._db) is None:
                raise StoreUnavailableError(f"{self.path} is not open")
            with transaction(db):
                yield db


def _now() -> int:
    return int(time.time() * 1000)


def _next(db: sqlite3.Connection) -> int:
    statement = "UPDATE meta SET value = value + 1 WHERE name = 'seq' RETURNING value"
    return int(db.execute(statement).fetchone()[0])


def _count(db: sqlite3.Connection, where: str, *values: object) -> int:
    return int(db.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()[0])  # noqa: S608


def _known(db: sqlite3.Connection, identities: Sequence[str]) -> list[str]:
    sql = "SELECT count(*) FROM jobs WHERE identity = ?"
    return [i for i in dict.fromkeys(identities) if db.execute(sql, (i,)).fetchone()[0]]


def _queue(db: sqlite3.Connection, identity: str, at: int) -> None:
    """Queue again; it keeps its number, and so its place among those of the same instant."""
    db.execute("UPDATE jobs SET state = 'queued', at = ? WHERE identity = ?", (at, identity))


def _leased(db: sqlite3.Connection, worker: str) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT identity, lease FROM jobs WHERE worker = ? AND state = 'leased'", (worker,)
    ).fetchall()


def _take(db: sqlite3.Connection, row: sqlite3.Row, worker: str, now: int) -> Job:
    job = job_of(**row)
    job.lease = _next(db)
    db.execute(
        "UPDATE jobs SET state = 'leased', at = ?, worker = ?, lease = ? WHERE identity = ?",
        (now, worker, job.lease, job.identity),
    )
    return job


def _found(db: sqlite3.Connection, held: Held) -> sqlite3.Row | None:
    """Return the job if nobody else was given it since."""
    row: sqlite3.Row | None = db.execute(
        "SELECT state, left, finished FROM jobs WHERE identity = ? AND lease = ?",
        (held.identity, held.lease),
    ).fetchone()
    return row


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise StoreUnavailableError(f"{path}: {error}") from error
    except sqlite3.Error as error:
        raise StoreError(f"{path} is no work queue of ours: {error}") from error

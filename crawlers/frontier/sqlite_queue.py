"""The frontier in one SQLite file: the promises of the one in Redis, for one machine.

Several processes may share the file; it must not lie on a network file system.
``synchronous=NORMAL`` with a write-ahead log loses nothing when processes are killed. If the
machine loses power, the last exchanges may be undone, each as a whole: those requests are made once
more, and their items replace themselves in the store.

A small exchange is done in place: it takes the reactor about half a millisecond, never waits for a
lock and never for the disk. In a thread each of its statements would wait for the interpreter's
lock of a busy crawl: measured 4.7 ms at the median, 35 ms at the 90th percentile. Whatever is
large, finds the file locked, or writes the log back (``fsync``) runs in a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from crawlers.frontier.protocol import Answer, FrontierQueue, Lease, Outbox, Rules
from crawlers.frontier.sqlite_exchange import Exchange
from crawlers.frontier.sqlite_faults import LockedError, naming_faults
from crawlers.frontier.sqlite_file import alone_in, remove_useless
from crawlers.frontier.sqlite_schema import (
    VERSION,
    create_tables,
    empty,
    is_over,
    limit,
    note_end,
)
from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError
from gleanery.sqlite_transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path

    from crawlers.frontier.protocol import Budget

_PRAGMAS = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0"
T = TypeVar("T")
IN_PLACE = 150
"""Ends and pushes of an exchange that is done in place, at most."""
CHECKPOINT_EVERY = 1000
"""Exchanges after which the log is written back into the file: some ten MB at most."""
BUSY_SECONDS = 4.0
"""Longest wait for other processes' exchanges."""


class SqliteQueue(FrontierQueue):
    """One crawl's queue, as one worker sees it; each exchange is one transaction."""

    def __init__(
        self,
        path: Path,
        worker: str,
        rules: Rules | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; no file is opened yet.

        Args:
            path: File of the crawl; workers with the same file share it.
            worker: Name of this worker, unique for ever.
            rules: What all its exchanges have in common.
            clock: Tells the time in seconds since 1970.
        """
        self.path = path
        self.worker = worker
        self.rules = rules or Rules()
        self.clock = clock
        # a thread of its own: long downloads in the shared ones must not delay the heartbeat
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="frontier")
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inode = -1
        self._useless = False
        self._generation = ""
        self._sequence = 0

    async def open(self, budget: Budget | None = None) -> bool:
        return await self._run(lambda: self._open(budget))

    async def exchange(
        self,
        outbox: Outbox | None = None,
        *,
        want: int = 0,
        want_now: int = 0,
        rooms: Mapping[str, int] | None = None,
    ) -> Answer:
        box = outbox or Outbox()

        def apply() -> Answer:
            with self._transaction() as db:
                now = int(self.clock() * 1000)
                step = Exchange(db, self.rules, self.worker, now, generation=self._generation)
                if step.begin(self._sequence, box):
                    step.tell(box)
                return step.lease(want, want_now, rooms or {})

        small = len(box.ended) + len(box.pushes) <= IN_PLACE
        answer = self._at_once(apply) if small else None
        if answer is None:
            answer = await self._run(apply)
        self._sequence += 1
        if self._sequence % CHECKPOINT_EVERY == 0:
            with suppress(FrontierUnavailableError):  # what was exchanged is safe as it is
                await self._run(self._checkpoint)
        return answer

    async def recover(self, held: Container[str]) -> list[Lease]:
        def read() -> list[Lease]:
            query = (
                "SELECT lease, depth, host, history, body FROM requests"
                " WHERE worker = ? AND lease IS NOT NULL ORDER BY lease"
            )
            with self._transaction() as db:
                rows = db.execute(query, (self.worker,)).fetchall()
            return [
                Lease(
                    id=str(lease),
                    depth=depth,
                    host=host,
                    attempts=history.count("@died"),
                    body=body,
                )
                for lease, depth, host, history, body in rows
                if str(lease) not in held
            ]

        return await self._run(read)

    async def leave(self, *, ended: bool = False) -> None:
        def remove() -> None:
            with self._transaction() as db:
                db.execute(
                    "DELETE FROM workers WHERE worker = ?1 AND NOT EXISTS"
                    " (SELECT 1 FROM requests WHERE worker = ?1 AND lease IS NOT NULL)",
                    (self.worker,),
                )
                if ended and self.rules.renew:
                    self._useless = note_end(db, since=self._alive_since())

        with suppress(FrontierError):  # else its heartbeat runs out by itself
            await self._run(remove)

    async def close(self) -> None:
        if self._db is not None:
            with suppress(FrontierError):  # it is closed all the same
                await self._run(self._close)
            self._db = None
        self._thread.shutdown(wait=False)

    # --- here or in the thread
    def _at_once(self, step: Callable[[], T]) -> T | None:
        """Return what ``step`` does, or ``None`` if it would have to wait."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return step()
        except LockedError:
            return None
        finally:
            self._lock.release()

    async def _run(self, step: Callable[[], T]) -> T:
        def patiently() -> T:
            deadline = time.monotonic() + BUSY_SECONDS
            with self._lock:
                while True:
                    try:
                        return step()
                    except LockedError:
                        if time.monotonic() > deadline:
                            raise
                    time.sleep(0.002)

        return await asyncio.get_running_loop().run_in_executor(self._thread, patiently)

    def _checkpoint(self) -> None:
        with naming_faults(self.path):
            if self._db is not None:
                self._db.execute("PRAGMA wal_checkpoint")

    def _open(self, budget: Budget | None) -> bool:
        with naming_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with naming_faults(self.path), alone_in(self.path.parent):
            if self._db is None:
                self._db = sqlite3.connect(
                    self.path, timeout=0, isolation_level=None, check_same_thread=False
                )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_PRAGMAS)
            self._inode = self.path.stat().st_ino
            with self._transaction() as db:
                new = self._begin(db)
                if budget is not None:
                    limit(db, budget)
                return new

    def _begin(self, db: sqlite3.Connection) -> bool:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise FrontierError(f"{self.path} has version {version}, this program reads {VERSION}")
        if version == 0:
            create_tables(db)
        elif self.rules.renew and is_over(db, since=self._alive_since()):
            empty(db)
        db.execute("DELETE FROM meta WHERE name = 'ended'")
        new = uuid.uuid4().hex
        db.executemany(
            "INSERT OR IGNORE INTO meta VALUES (?, ?)",
            [("generation", new), ("began", int(self.clock() * 1000))],
        )
        (found,) = db.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
        self._generation = found
        return bool(found == new)

    def _close(self) -> None:
        assert self._db is not None
        with closing(self._db), naming_faults(self.path):
            if not self._useless:
                return
            with alone_in(self.path.parent), closing(self._db):
                if self.path.stat().st_ino == self._inode:
                    remove_useless(self._db, self.path)

    def _alive_since(self) -> int:
        return int((self.clock() - self.rules.lease_seconds) * 1000)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        if db is None:
            raise FrontierUnavailableError(f"{self.path} is not open")
        with naming_faults(self.path):
            if self.path.stat().st_ino != self._inode:
                raise FrontierGoneError(f"{self.path} is not the file it was: it was replaced")
            with transaction(db):
                yield db

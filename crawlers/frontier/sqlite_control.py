"""Steering a crawl in a file from outside, while a process works on it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from crawlers.frontier.control import (
    CrawlRow,
    DeadLetter,
    FrontierControl,
    attempts_of,
    checked_limits,
    checked_speed,
    id_number,
    node_of,
)
from crawlers.frontier.report import FrontierReport, url_of
from crawlers.frontier.sqlite_faults import naming_faults
from crawlers.frontier.sqlite_file import alone_in
from crawlers.frontier.sqlite_ledger import Ledger
from crawlers.frontier.sqlite_report import read_report, read_row
from crawlers.frontier.sqlite_schema import VERSION, empty, set_limits
from gleanery.errors import FrontierError, FrontierGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

BATCH = 500
"""Entries moved in one transaction: some milliseconds, then the workers have their turn."""
BUSY_SECONDS = 10.0
"""Longest wait for the workers' exchanges, which take a millisecond each."""


class SqliteControl(FrontierControl):
    """One crawl in a file."""

    def __init__(self, path: Path, crawl: str) -> None:
        """Prepare; nothing is opened yet, and no file is ever created."""
        self.path = path
        self.crawl = crawl

    def stats(self, *, hosts: bool = True) -> FrontierReport:
        with self._opened() as db, _transaction(db, "DEFERRED"):
            return read_report(db, self.crawl, _now(), hosts=hosts)

    def row(self) -> CrawlRow:
        """Return the crawl's line in the list of crawls: a few rows of its file.

        Raises:
            FrontierError: The file holds no crawl.
        """
        with self._opened() as db, _transaction(db, "DEFERRED"):
            return read_row(db, self.crawl)

    def dead(self, limit: int = 100) -> list[DeadLetter]:
        with self._opened() as db:
            rows = db.execute(
                "SELECT id, depth, host, history, body FROM set_aside"
                " WHERE why = 'dead' ORDER BY id LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            DeadLetter(
                id=str(number),
                depth=depth,
                host=host,
                url=url_of(body),
                history=attempts_of(history),
            )
            for number, depth, host, history, body in rows
        ]

    def requeue(self, ids: Sequence[str] | Literal["all"]) -> int:
        return self._letters(ids, lambda again, number: again.queue(number, "dead"))

    def discard(self, ids: Sequence[str] | Literal["all"]) -> int:
        return self._letters(ids, lambda again, number: again.discard(number))

    def _letters(
        self, ids: Sequence[str] | Literal["all"], work: Callable[[_Again, int], bool]
    ) -> int:
        with self._opened() as db:
            if ids == "all":
                chosen = [n for (n,) in db.execute("SELECT id FROM set_aside WHERE why = 'dead'")]
            else:
                chosen = [id_number(lease_id) for lease_id in set(ids)]
            chosen.sort(reverse=True)  # each goes to the head, so the oldest comes last
            moved = 0
            for start in range(0, len(chosen), BATCH):
                with _requeueing(db) as again:
                    batch = chosen[start : start + BATCH]
                    moved += sum(work(again, number) for number in batch)
            return moved

    def prune(self, node: str) -> bool:
        with self._opened() as db, _transaction(db):
            statement = "INSERT OR IGNORE INTO pruned VALUES (?)"
            return db.execute(statement, (node_of(node),)).rowcount > 0

    def restore(self, node: str) -> int:
        name, moved, last = node_of(node), 0, None
        with self._opened() as db:
            with _transaction(db):
                db.execute("DELETE FROM pruned WHERE node = ?", (name,))
            while True:  # nothing is set aside for this node any more, so one round is enough
                with _requeueing(db) as again:
                    rows = db.execute(
                        "SELECT id, path FROM set_aside WHERE why = 'pruned'"
                        " AND id < coalesce(?, id + 1) ORDER BY id DESC LIMIT ?",
                        (last, BATCH),
                    ).fetchall()
                    for number, path in rows:
                        if name in path.split(",") and not again.is_pruned(path):
                            moved += again.queue(number, "pruned")
                if not rows:
                    return moved
                last = rows[-1][0]

    def pruned(self, limit: int = 100) -> list[str]:
        with self._opened() as db:
            rows = db.execute("SELECT node FROM pruned LIMIT ?", (limit,))
            return [node for (node,) in rows]

    def pause(self) -> None:
        self._change_state("paused")

    def resume(self) -> None:
        self._change_state("running")

    def limit(self, limits: Mapping[str, int]) -> None:
        values = checked_limits(limits)
        with self._opened() as db, _transaction(db):
            set_limits(db, values)

    def set_speed(self, changes: Mapping[str, int]) -> None:
        values = checked_speed(changes) | {"pace_at": 0}
        with self._opened() as db, _transaction(db):
            set_limits(db, values)

    def drop(self) -> None:
        """Empty the file, so that workers find their crawl gone; then remove it.

        One that a worker still has open stays behind, empty: a log that is deleted by its name
        could be that of a crawl begun in the meantime.
        """
        with self._opened() as db:
            with _transaction(db):
                empty(db)
            db.execute("PRAGMA busy_timeout = 0")
            with suppress(sqlite3.OperationalError), alone_in(self.path.parent):
                db.execute("PRAGMA journal_mode = DELETE")  # fails if somebody else has it open
                self.path.unlink(missing_ok=True)

    def _change_state(self, state: str) -> None:
        with self._opened() as db, _transaction(db):
            db.execute("INSERT OR REPLACE INTO meta VALUES ('state', ?)", (state,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the file, which must be there and hold a crawl."""
        missing = f"There is no crawl {self.crawl!r} in {self.path} (그런 수집이 없습니다)"
        if not self.path.is_file():
            raise FrontierGoneError(missing)
        with naming_faults(self.path):
            with alone_in(self.path.parent):
                db = sqlite3.connect(
                    f"{self.path.absolute().as_uri()}?mode=rw",
                    uri=True, timeout=BUSY_SECONDS, isolation_level=None,
                )  # fmt: skip
            try:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version not in (0, VERSION):
                    raise FrontierError(
                        f"{self.path} has version {version}, this program reads {VERSION}"
                    )
                if not version or not _generation(db):
                    raise FrontierGoneError(missing)
                yield db
            finally:
                with alone_in(self.path.parent):
                    db.close()


class _Again(Ledger):
    """Puts what was set aside back to the head of its depth."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db, _now())
        (first,) = db.execute("SELECT coalesce(min(id), 0) FROM requests").fetchone()
        self._head = min(first, 0)

    def queue(self, number: int, why: Literal["dead", "pruned"]) -> bool:
        """Queue entry ``number``; ``False`` if it is not there."""
        row = self.db.execute(
            "DELETE FROM set_aside WHERE id = ? AND why = ?"
            " RETURNING depth, host, history, path, body",
            (number, why),
        ).fetchone()
        if row is None:
            return False
        depth, host, history, path, body = row
        self._head -= 1
        self.db.execute(
            "INSERT INTO requests (id, depth, host, history, path, body) VALUES (?, ?, ?, ?, ?, ?)",
            (self._head, depth, host, "" if why == "dead" else history, path, body),
        )
        self._count_aside(why, depth, host, -1)
        self._note_queued(depth, host)
        return True

    def discard(self, number: int) -> bool:
        """Forget dead letter ``number``; ``False`` if it is not there."""
        row = self.db.execute(
            "DELETE FROM set_aside WHERE id = ? AND why = 'dead' RETURNING depth, host", (number,)
        ).fetchone()
        if row is None:
            return False
        self._count_aside("dead", row[0], row[1], -1)
        return True

    def is_pruned(self, path: str) -> bool:
        """Whether ``path`` holds another pruned node."""
        nodes = path.split(",")
        query = f"SELECT 1 FROM pruned WHERE node IN ({', '.join('?' * len(nodes))})"  # noqa: S608
        return self.db.execute(query, nodes).fetchone() is not None

    def write(self) -> None:
        """Write the numbers."""
        self._write()


def crawls(folder: Path, *, after: str = "", most: int | None = None) -> list[CrawlRow]:
    """List ``most`` crawls of a folder, by name; files that are none are passed over."""
    rows: list[CrawlRow] = []
    for name, path in sorted((unquote(path.stem), path) for path in folder.glob("*.db")):
        if len(rows) == most:
            break
        if name > after:
            with suppress(FrontierError):
                rows.append(SqliteControl(path, name).row())
    return rows


@contextmanager
def _transaction(
    db: sqlite3.Connection, kind: Literal["DEFERRED", "IMMEDIATE"] = "IMMEDIATE"
) -> Iterator[None]:
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def _requeueing(db: sqlite3.Connection) -> Iterator[_Again]:
    with _transaction(db):
        again = _Again(db)
        yield again
        again.write()


def _generation(db: sqlite3.Connection) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    return row and str(row[0])


def _now() -> int:
    return int(time.time() * 1000)

"""The states of requests in SQLite: queued, in flight, set aside; every move is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.errors import FrontierGoneError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


@dataclass(slots=True, frozen=True, kw_only=True)
class Rules:
    """What all exchanges of a worker have in common; ``SqliteQueue`` explains each."""

    lease_ms: int
    max_attempts: int
    delay_ms: int
    concurrency: int
    strict: bool


@dataclass(slots=True)
class Level:
    """Numbers of requests of one depth."""

    queued: int = 0
    in_flight: int = 0
    done: int = 0


class Ledger:
    """Moves single requests, inside a transaction that the caller begins and ends."""

    def __init__(
        self, db: sqlite3.Connection, rules: Rules, worker: str, now: int, *, generation: str
    ) -> None:
        """Read where the crawl stands.

        Raises:
            FrontierGoneError: The file holds another crawl, or none.
        """
        self.db, self.rules, self.worker, self.now = db, rules, worker, now
        self.meta = dict(db.execute("SELECT name, value FROM meta"))
        if self.meta.get("generation") != generation:
            raise FrontierGoneError("this crawl is no longer in its file: it was dropped")
        self.levels = {
            depth: Level(*numbers)
            for depth, *numbers in db.execute("SELECT depth, queued, in_flight, done FROM levels")
        }
        self._known = dict(self.meta)
        self._waiting: set[tuple[int, str]] = set()

    # --- back into the queue
    def _unlease(self, depth: int, host: str) -> None:
        self._level(depth).in_flight -= 1
        if self.rules.concurrency:
            self.db.execute("UPDATE hosts SET active = max(0, active - 1) WHERE host = ?", (host,))

    def _queue_again(self, request: int, depth: int, host: str, history: str) -> None:
        self.db.execute(
            "UPDATE requests SET lease = NULL, worker = NULL, history = ? WHERE id = ?",
            (history, request),
        )
        self._level(depth).queued += 1
        self._waiting.add((depth, host))

    def _retry(
        self, request: int, depth: int, host: str, history: str, *, by: str, why: str
    ) -> None:
        """Queue it again with one failure more in its history; too many, and it is parked."""
        history = f"{history},{self.now}@{by}@{why}".removeprefix(",")
        if history.count(",") + 1 >= self.rules.max_attempts or why == "unreadable":
            self.db.execute("UPDATE requests SET history = ? WHERE id = ?", (history, request))
            self._set_aside([request], "dead")
        else:
            self._queue_again(request, depth, host, history)

    def _set_aside(self, requests: Sequence[int], why: str) -> None:
        for request in requests:
            self.db.execute(
                "INSERT INTO set_aside (why, depth, host, history, path, body)"
                " SELECT ?, depth, host, history, path, body FROM requests WHERE id = ?",
                (why, request),
            )
            self.db.execute("DELETE FROM requests WHERE id = ?", (request,))

    # --- numbers
    def _level(self, depth: int) -> Level:
        return self.levels.setdefault(depth, Level())

    def _count(self, name: str, by: int) -> None:
        self.meta[name] = self.meta.get(name, 0) + by

    def _write(self) -> None:
        self._note_waiting()
        changed = [(n, v) for n, v in self.meta.items() if self._known.get(n) != v]
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", changed)
        self.db.executemany(
            "INSERT OR REPLACE INTO levels VALUES (?, ?, ?, ?)",
            [(d, n.queued, n.in_flight, n.done) for d, n in self.levels.items()],
        )

    def _note_waiting(self) -> None:
        self.db.executemany(
            "INSERT OR IGNORE INTO waiting VALUES"
            " (?1, ?2, coalesce((SELECT next_at FROM hosts WHERE host = ?2), 0))",
            list(self._waiting),
        )
        self._waiting.clear()

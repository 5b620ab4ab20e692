"""The states of requests in SQLite: queued, in flight, set aside; every move is counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from gleanery.errors import FrontierGoneError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from crawlers.frontier.protocol import Rules

FULL = 10**15
"""``free_at`` of a host that has as many requests under way as it may, until one of them ends."""


@dataclass(slots=True)
class Numbers:
    """Numbers of requests: those of a depth, or how those of a host changed."""

    queued: int = 0
    in_flight: int = 0
    done: int = 0
    pruned: int = 0
    dead: int = 0


class WaitingHost(NamedTuple):
    """A host that has requests queued."""

    name: str
    delay: int
    next_at: int
    in_flight: int
    done: int


class Ledger:
    """Moves single requests, inside a transaction that the caller begins and ends."""

    def __init__(self, db: sqlite3.Connection, now: int, *, generation: str | None = None) -> None:
        """Read where the crawl stands.

        Args:
            db: The crawl's file, in a transaction.
            now: Time in ms since 1970.
            generation: The crawl that it must hold; ``None`` = any.

        Raises:
            FrontierGoneError: The file holds another crawl, or none.
        """
        self.db, self.now = db, now
        self.meta = dict(db.execute("SELECT name, value FROM meta"))
        found = self.meta.get("generation")
        if found is None or found != (generation or found):
            raise FrontierGoneError("this crawl is no longer in its file: it was dropped")
        self.levels = {
            depth: Numbers(*numbers)
            for depth, *numbers in db.execute(
                "SELECT depth, queued, in_flight, done, pruned, dead FROM levels"
            )
        }
        self._known = dict(self.meta)
        self._came: Counter[tuple[int, str]] = Counter()
        self._hosts: defaultdict[str, Numbers] = defaultdict(Numbers)

    # --- back into the queue
    def _unlease(self, depth: int, host: str) -> None:
        self._level(depth).in_flight -= 1
        self._hosts[host].in_flight -= 1

    def _queue_again(self, request: int, depth: int, host: str, history: str) -> None:
        self.db.execute(
            "UPDATE requests SET lease = NULL, worker = NULL, history = ? WHERE id = ?",
            (history, request),
        )
        self._note_queued(depth, host)

    def _note_queued(self, depth: int, host: str) -> None:
        self._level(depth).queued += 1
        self._came[depth, host] += 1

    def _retry(
        self,
        request: tuple[int, int, str, str],
        *,
        by: str,
        why: str,
        rules: Rules,
    ) -> None:
        """Queue it again with one failure more in its history; too many, and it is parked."""
        number, depth, host, history = request
        history = f"{history},{self.now}@{by}@{why}".removeprefix(",")
        if history.count(",") + 1 >= rules.max_attempts or why == "unreadable":
            self.db.execute("UPDATE requests SET history = ? WHERE id = ?", (history, number))
            self._set_aside([number], depth, host, why="dead")
        else:
            self._queue_again(number, depth, host, history)

    def _set_aside(
        self, requests: Sequence[int], depth: int, host: str, *, why: Literal["dead", "pruned"]
    ) -> None:
        self._count_aside(why, depth, host, len(requests))
        for request in requests:
            self.db.execute(
                "INSERT INTO set_aside (why, depth, host, history, path, body)"
                " SELECT ?, depth, host, history, path, body FROM requests WHERE id = ?",
                (why, request),
            )
            self.db.execute("DELETE FROM requests WHERE id = ?", (request,))

    # --- numbers
    def _level(self, depth: int) -> Numbers:
        return self.levels.setdefault(depth, Numbers())

    def _count_aside(
        self, why: Literal["dead", "pruned"], depth: int, host: str, number: int
    ) -> None:
        for numbers in (self._level(depth), self._hosts[host]):
            setattr(numbers, why, getattr(numbers, why) + number)

    def _count(self, name: str, by: int) -> None:
        self.meta[name] = self.meta.get(name, 0) + by

    def _note_visit(self, depth: int, host: str, free_at: int, left: int, taken: int) -> None:
        self.db.execute(
            "UPDATE waiting SET free_at = ?, queued = queued - ? WHERE depth = ? AND host = ?",
            (free_at, left, depth, host),
        )
        self.db.execute(
            "DELETE FROM waiting WHERE depth = ? AND host = ? AND queued <= 0", (depth, host)
        )
        self.db.execute(
            "INSERT INTO hosts (host, next_at, in_flight) VALUES (?1, ?2, ?3) ON CONFLICT"
            " DO UPDATE SET next_at = max(next_at, ?2), in_flight = in_flight + ?3",
            (host, free_at if free_at > self.now else 0, taken),
        )

    def _write(self) -> None:
        self._write_hosts()
        changed = [(n, v) for n, v in self.meta.items() if self._known.get(n) != v]
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", changed)
        self.db.executemany(
            "INSERT OR REPLACE INTO levels VALUES (?, ?, ?, ?, ?, ?)",
            [(depth, *astuple(numbers)) for depth, numbers in self.levels.items()],
        )

    def _write_hosts(self) -> None:
        """Write what changed, so that it can be read: who waits, and who has room again."""
        self.db.executemany(
            "INSERT INTO waiting VALUES"
            " (?1, ?2, max(?3, coalesce((SELECT next_at FROM hosts WHERE host = ?2), 0)), ?4)"
            " ON CONFLICT DO UPDATE SET queued = queued + ?4",
            [(depth, host, self.now, number) for (depth, host), number in self._came.items()],
        )
        self.db.executemany(
            "INSERT INTO hosts (host, in_flight, done, pruned, dead) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET in_flight = max(0, in_flight + excluded.in_flight),"
            " done = done + excluded.done, pruned = pruned + excluded.pruned,"
            " dead = dead + excluded.dead",
            [(host, *astuple(numbers)[1:]) for host, numbers in self._hosts.items()],
        )
        depths = [depth for depth, numbers in self.levels.items() if numbers.queued]
        freed = [host for host, numbers in self._hosts.items() if numbers.in_flight < 0]
        self.db.executemany(
            "UPDATE waiting SET free_at = ? WHERE depth = ? AND host = ? AND free_at = ?",
            [(self.now, depth, host, FULL) for depth in depths for host in freed],
        )
        self._came.clear()
        self._hosts.clear()

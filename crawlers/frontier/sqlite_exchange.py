"""One exchange of a worker with the frontier in SQLite; ``scripts/exchange.lua`` is its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Answer, Lease
from crawlers.frontier.speed import Pace, speed_of
from crawlers.frontier.sqlite_ledger import FULL, Ledger, WaitingHost

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from crawlers.frontier.protocol import HostRule, Outbox, Push, Rules

PASSED = 64
"""Hosts passed in one exchange that are free, but wait for this worker's own capacity."""


class Exchange(Ledger):
    """The steps of one exchange: begin, tell, lease."""

    def __init__(
        self, db: sqlite3.Connection, rules: Rules, worker: str, now: int, *, generation: str
    ) -> None:
        """Read where the crawl stands; raises what :class:`Ledger` raises."""
        super().__init__(db, now, generation=generation)
        self.rules, self.worker = rules, worker
        self.speed = speed_of(self.meta)
        self._leases: list[Lease] = []
        self._want = self._want_now = 0
        self._rooms: dict[str, int] = {}

    def begin(self, sequence: int, box: Outbox) -> bool:
        """Note the worker's heartbeat; return whether what it tells is to be applied.

        The answer to an exchange may be lost; the worker then repeats it under its number. One
        that tells nothing leaves no mark, for what follows under its number may tell something.
        """
        row = self.db.execute(
            "SELECT sequence FROM workers WHERE worker = ?", (self.worker,)
        ).fetchone()
        applied = row[0] if row else None
        fresh = not box.is_empty() or box.items or box.size
        self.db.execute(
            "INSERT OR REPLACE INTO workers VALUES (?, ?, ?)",
            (self.worker, self.now, sequence if fresh else applied),
        )
        return bool(applied != sequence)

    def tell(self, box: Outbox) -> None:
        """Apply what the worker did."""
        self._count("items", box.items)
        self._count("bytes", box.size)
        for lease_id, outcome in box.ended:
            self._end(int(lease_id), outcome)
        self._push(box.pushes)
        for rule in box.hosts:
            self._learn(rule)
        self.db.executemany("INSERT OR IGNORE INTO pruned VALUES (?)", [(n,) for n in box.pruned])

    def lease(self, want: int, want_now: int, rooms: Mapping[str, int]) -> Answer:
        """Give back what silent workers held, lease up to ``want``, and write the numbers."""
        self._reclaim()
        in_flight = sum(level.in_flight for level in self.levels.values())
        state, self._want = self._budget(want, in_flight)
        self._want_now, self._rooms = want_now, dict(rooms)
        pace = Pace(self.speed.pages_per_minute, self.meta.get("pace_at", 0), self.now)
        self._want = pace.allowed(self._want, want_now)
        free_at = self._lease() if self._want > 0 else None
        free_at = pace.note(len(self._leases), free_at)
        if self.speed.pages_per_minute:
            self.meta["pace_at"] = pace.at
        self._write()
        return Answer(
            leases=self._leases,
            queued=sum(level.queued for level in self.levels.values()),
            in_flight=in_flight + len(self._leases),
            free_in_ms=-1 if free_at is None else max(0, free_at - self.now),
            state=state,
            speed=self.speed,
        )

    # --- what a worker tells
    def _end(self, lease: int, outcome: str) -> None:
        row = self.db.execute(
            "SELECT id, depth, host, history FROM requests WHERE worker = ? AND lease = ?",
            (self.worker, lease),
        ).fetchone()
        if row is None:  # it was late, and another worker has it now
            self._count("late", 1)
            return
        request, depth, host, history = row
        self._unlease(depth, host)
        if outcome == "done":
            self.db.execute("DELETE FROM requests WHERE id = ?", (request,))
            self.levels[depth].done += 1
            self._hosts[host].done += 1
        elif outcome == "back":
            self._queue_again(request, depth, host, history)
        else:
            why = "unreadable" if outcome == "dead" else "failed"
            self._retry(row, by=self.worker, why=why, rules=self.rules)

    def _push(self, pushes: Sequence[Push]) -> None:
        rows = []
        for push in pushes:
            if self._is_new(push) or push.known:
                rows.append((push.depth, push.host, ",".join(push.path), push.body))
                self._note_queued(push.depth, push.host)
        self.db.executemany(
            "INSERT INTO requests (depth, host, path, body) VALUES (?, ?, ?, ?)", rows
        )
        self._count("repeated", len(pushes) - len(rows))

    def _is_new(self, push: Push) -> bool:
        """Whether the page was never found, or in relaxed order only on a longer way.

        Or a depth limit would cut off what is reachable below it; strict order never needs this.
        """
        number = int.from_bytes(push.fingerprint[:8], "big") >> 1
        new = self.db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (number, push.depth))
        self._count("seen", new.rowcount)
        if new.rowcount or self.rules.strict:
            return new.rowcount > 0
        shorter = self.db.execute(
            "UPDATE seen SET depth = ?2 WHERE fingerprint = ?1 AND depth > ?2", (number, push.depth)
        )
        return shorter.rowcount > 0

    def _learn(self, rule: HostRule) -> None:
        self.db.execute(
            "INSERT INTO hosts (host, delay_ms, next_at) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE"
            " SET delay_ms = coalesce(?2, delay_ms), next_at = max(next_at, ?3)",
            (
                rule.host,
                rule.delay_ms if rule.delay_ms >= 0 else None,
                self.now + rule.not_before_ms if rule.not_before_ms > 0 else 0,
            ),
        )

    def _reclaim(self) -> None:
        silent = self.db.execute(
            "SELECT worker FROM workers WHERE beat_at <= ? LIMIT 4",
            (self.now - self.rules.lease_ms,),
        ).fetchall()
        for (worker,) in silent:
            rows = self.db.execute(
                "SELECT id, depth, host, history FROM requests"
                " WHERE worker = ? AND lease IS NOT NULL",
                (worker,),
            ).fetchall()
            for row in rows:
                self._unlease(row[1], row[2])
                self._retry(row, by=worker, why="died", rules=self.rules)
            self._count("reclaimed", len(rows))
            # its sequence stays: it may only have been cut off, and repeat an exchange
            self.db.execute("UPDATE workers SET beat_at = NULL WHERE worker = ?", (worker,))

    # --- out of the queue
    def _budget(self, want: int, in_flight: int) -> tuple[str, int]:
        """Return the crawl's state and how many requests may leave.

        A spent budget, counted over all workers, ends the crawl; what is queued stays queued.
        """
        meta = self.meta
        state = str(meta.get("state", "running"))
        if max_pages := meta.get("max_pages"):
            done = sum(level.done for level in self.levels.values())
            want = min(want, max_pages - done - in_flight)
            state = "max_pages" if done >= max_pages else state
        for name, spent in (("max_items", "items"), ("max_bytes", "bytes")):
            if meta.get(name) and meta.get(spent, 0) >= meta[name]:
                state = name
        if meta.get("deadline") and self.now >= meta["deadline"]:
            state = "max_seconds"
        return state, want if state == "running" else 0

    def _lease(self) -> int | None:
        """Lease what is wanted; return when the next host may be asked."""
        self._write_hosts()
        self._any_pruned = bool(
            self.db.execute("SELECT EXISTS (SELECT 1 FROM pruned)").fetchone()[0]
        )
        under_way = [depth for depth, level in self.levels.items() if level.in_flight]
        free_at = None
        for depth in sorted(depth for depth, level in self.levels.items() if level.queued):
            if self._want <= 0 or (self.rules.strict and depth > min(under_way, default=depth)):
                break
            self._lease_level(depth)
            (first,) = self.db.execute(
                "SELECT min(free_at) FROM waiting WHERE depth = ? AND free_at > ? AND free_at < ?",
                (depth, self.now, FULL),
            ).fetchone()
            free_at = min((t for t in (free_at, first) if t is not None), default=None)
            if self.rules.strict and (self._leases or self._level(depth).queued):
                break
        return free_at

    def _lease_level(self, depth: int) -> None:
        """Go through the hosts by the time since which they have been free.

        Each that is looked at leaves that range, so none stands in another's way; only those that
        wait for this worker's own capacity stay, and few are passed.
        """
        passed, most = 0, PASSED + len(self._rooms)
        while self._want > 0 and passed < most:
            hosts = self.db.execute(
                "SELECT w.host, coalesce(h.delay_ms, ?), coalesce(h.next_at, 0),"
                " coalesce(h.in_flight, 0), coalesce(h.done, 0)"
                " FROM waiting w LEFT JOIN hosts h USING (host)"
                " WHERE w.depth = ? AND w.free_at <= ? ORDER BY w.free_at, w.host LIMIT ? OFFSET ?",
                (
                    self.rules.delay_ms if self.speed.delay_ms < 0 else 0,
                    depth,
                    self.now,
                    min(self._want, PASSED),
                    passed,
                ),
            ).fetchall()
            if not hosts:
                return
            for host in hosts:
                if self._want <= 0:
                    return
                passed += not self._visit(depth, WaitingHost(*host))

    def _visit(self, depth: int, host: WaitingHost) -> bool:
        """Lease from one host; ``False`` if it is free, but has nothing to use now."""
        name, delay, next_at, in_flight, _ = host
        delay = max(delay, self.speed.delay_ms)
        limit = self.rules.concurrency
        if next_at > self.now or (limit and in_flight >= limit):
            self.db.execute(
                "UPDATE waiting SET free_at = ? WHERE depth = ? AND host = ?",
                (next_at if next_at > self.now else FULL, depth, name),
            )
            return True
        mine = self._room_for(host)
        # with a delay it must start at once: else the next gap shrinks
        if mine <= 0 or (delay > 0 and self._want_now <= 0):
            return False
        room = min(self._want, limit - in_flight if limit else FULL, mine, 1 if delay else FULL)
        left, taken = self._take(depth, name, room)
        self._want, self._rooms[name] = self._want - taken, mine - taken
        free_at = self.now  # behind the hosts that have waited for longer
        if taken and delay > 0:
            self._want_now -= taken
            free_at += delay
        self._note_visit(depth, name, free_at, left, taken)
        return True

    def _room_for(self, host: WaitingHost) -> int:
        """How many this worker may have; one, until somebody knows what the host asks for."""
        if host.name in self._rooms or not self.rules.share:
            return self._rooms.get(host.name, FULL)
        return self.rules.share if host.done else 1

    def _take(self, depth: int, host: str, room: int) -> tuple[int, int]:
        """Lease up to ``room`` requests of one host.

        Returns:
            How many left the queue, pruned ones among them, and how many of these were leased.
        """
        level, left, taken = self._level(depth), 0, 0
        while taken < room:
            rows = self.db.execute(
                "SELECT id, history, path, body FROM requests"
                " WHERE depth = ? AND host = ? AND lease IS NULL ORDER BY id LIMIT ?",
                (depth, host, room - taken),
            ).fetchall()
            if not rows:
                break
            pruned = {request for request, _, path, _ in rows if self._is_pruned(path)}
            self._set_aside(sorted(pruned), depth, host, why="pruned")
            kept = [row for row in rows if row[0] not in pruned]
            self._leases += [self._loan(depth, host, *row) for row in kept]
            level.in_flight += len(kept)
            left, taken = left + len(rows), taken + len(kept)
        level.queued -= left
        return left, taken

    def _loan(
        self, depth: int, host: str, request: int, history: str, _path: str, body: bytes
    ) -> Lease:
        self._count("seq", 1)
        lease = self.meta["seq"]
        self.db.execute(
            "UPDATE requests SET lease = ?, leased_at = ?, worker = ? WHERE id = ?",
            (lease, self.now, self.worker, request),
        )
        attempts = history.count("@died")
        return Lease(id=str(lease), depth=depth, host=host, attempts=attempts, body=body)

    def _is_pruned(self, path: str) -> bool:
        return self._any_pruned and any(
            self.db.execute("SELECT 1 FROM pruned WHERE node = ?", (node,)).fetchone()
            for node in path.split(",")
        )

"""One exchange of a worker with the frontier in SQLite; ``scripts/exchange.lua`` is its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlers.frontier.protocol import Answer, Lease
from crawlers.frontier.sqlite_ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlers.frontier.protocol import HostRule, Push

HOSTS_AT_ONCE = 64
"""Hosts looked at in one exchange, beyond the number of requests wanted."""


class Exchange(Ledger):
    """The steps of one exchange: begin, tell, lease."""

    def begin(self, sequence: int, *, fresh: bool) -> bool:
        """Note the worker's heartbeat; return whether what it tells is to be applied.

        The answer to an exchange may be lost; the worker then repeats it under its number. One
        that tells nothing leaves no mark, for what follows under its number may tell something.
        """
        row = self.db.execute(
            "SELECT sequence FROM workers WHERE worker = ?", (self.worker,)
        ).fetchone()
        applied = row[0] if row else None
        self.db.execute(
            "INSERT OR REPLACE INTO workers VALUES (?, ?, ?)",
            (self.worker, self.now, sequence if fresh else applied),
        )
        return bool(applied != sequence)

    def tell(
        self,
        *,
        items: int,
        size: int,
        ended: Sequence[tuple[str, str]],
        pushes: Sequence[Push],
        hosts: Sequence[HostRule],
    ) -> None:
        """Apply what the worker did; ``FrontierQueue.exchange`` explains the arguments."""
        self._count("items", items)
        self._count("bytes", size)
        for lease_id, outcome in ended:
            self._end(int(lease_id), outcome)
        self._push(pushes)
        for rule in hosts:
            self._learn(rule)

    def lease(self, want: int, want_now: int) -> Answer:
        """Give back what silent workers held, lease up to ``want``, and write the numbers."""
        self._reclaim()
        in_flight = sum(level.in_flight for level in self.levels.values())
        state, want = self._budget(want, in_flight)
        leases, free_at = self._lease(want, want_now) if want > 0 else ([], None)
        self._write()
        return Answer(
            leases=leases,
            queued=sum(level.queued for level in self.levels.values()),
            in_flight=in_flight + len(leases),
            free_in_ms=-1 if free_at is None else max(0, free_at - self.now),
            state=state,
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
        elif outcome == "back":
            self._queue_again(request, depth, host, history)
        else:
            why = "unreadable" if outcome == "dead" else "failed"
            self._retry(request, depth, host, history, by=self.worker, why=why)

    def _push(self, pushes: Sequence[Push]) -> None:
        rows = []
        for push in pushes:
            if self._is_new(push) or push.known:
                rows.append((push.depth, push.host, ",".join(push.path), push.body))
                self._level(push.depth).queued += 1
                self._waiting.add((push.depth, push.host))
        self.db.executemany(
            "INSERT INTO requests (depth, host, path, body) VALUES (?, ?, ?, ?)", rows
        )
        self._count("repeated", len(pushes) - len(rows))

    def _is_new(self, push: Push) -> bool:
        """Whether the page was never found, or in relaxed order only on a longer way.

        Or a depth limit would cut off what is reachable below it; strict order never needs this.
        """
        number = int.from_bytes(push.fingerprint[:8], "big") >> 1
        shorter = "" if self.rules.strict else " ON CONFLICT DO UPDATE SET depth = excluded.depth"
        where = "" if self.rules.strict else " WHERE excluded.depth < depth"
        verb = "INSERT OR IGNORE" if self.rules.strict else "INSERT"
        cursor = self.db.execute(
            f"{verb} INTO seen VALUES (?, ?){shorter}{where}",
            (number, push.depth),
        )
        return cursor.rowcount > 0

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
            for request, depth, host, history in rows:
                self._unlease(depth, host)
                self._retry(request, depth, host, history, by=worker, why="died")
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

    def _lease(self, want: int, want_now: int) -> tuple[list[Lease], int | None]:
        self._note_waiting()
        self._any_pruned = bool(
            self.db.execute("SELECT EXISTS (SELECT 1 FROM pruned)").fetchone()[0]
        )
        under_way = [depth for depth, level in self.levels.items() if level.in_flight]
        leases: list[Lease] = []
        free_at = None
        for depth in sorted(depth for depth, level in self.levels.items() if level.queued):
            if len(leases) >= want or (self.rules.strict and depth > min(under_way, default=depth)):
                break
            want_now -= self._lease_level(depth, want, want_now, leases)
            (first,) = self.db.execute(
                "SELECT min(free_at) FROM waiting WHERE depth = ? AND free_at > ?",
                (depth, self.now),
            ).fetchone()
            free_at = min((t for t in (free_at, first) if t is not None), default=None)
            if self.rules.strict and (leases or self._level(depth).queued):
                break
        return leases, free_at

    def _lease_level(self, depth: int, want: int, want_now: int, leases: list[Lease]) -> int:
        """Lease requests of one depth; return how many are of hosts that have a delay."""
        polite = 0
        hosts = self.db.execute(
            "SELECT w.host, coalesce(h.delay_ms, ?), coalesce(h.next_at, 0), coalesce(h.active, 0)"
            " FROM waiting w LEFT JOIN hosts h USING (host)"
            " WHERE w.depth = ? AND w.free_at <= ? ORDER BY w.free_at, w.host LIMIT ?",
            (self.rules.delay_ms, depth, self.now, want + HOSTS_AT_ONCE),
        ).fetchall()
        for host, delay, next_at, active in hosts:
            room = want - len(leases)
            if room <= 0:
                break
            if self.rules.concurrency:
                room = min(room, self.rules.concurrency - active)
            if delay > 0:  # it must start at once, or the gap to the next one shrinks
                room = min(room, want_now - polite, 1)
            if next_at > self.now:
                self._wait(depth, host, next_at)
            elif room > 0:
                taken = self._take(depth, host, room, leases)
                if taken and (delay > 0 or self.rules.concurrency):
                    self._note_visit(depth, host, delay, taken)
                polite += taken if delay > 0 else 0
            self._forget_if_empty(depth, host)
        return polite

    def _take(self, depth: int, host: str, room: int, leases: list[Lease]) -> int:
        """Lease up to ``room`` requests of one host; return how many there were."""
        level, taken = self._level(depth), 0
        while taken < room:
            rows = self.db.execute(
                "SELECT id, history, path, body FROM requests"
                " WHERE depth = ? AND host = ? AND lease IS NULL ORDER BY id LIMIT ?",
                (depth, host, room - taken),
            ).fetchall()
            if not rows:
                break
            pruned = {request for request, _, path, _ in rows if self._is_pruned(path)}
            self._set_aside(sorted(pruned), "pruned")
            kept = [row for row in rows if row[0] not in pruned]
            leases += [self._loan(depth, *row) for row in kept]
            level.queued -= len(rows)
            level.in_flight += len(kept)
            taken += len(kept)
        return taken

    def _loan(self, depth: int, request: int, history: str, _path: str, body: bytes) -> Lease:
        self._count("seq", 1)
        lease = self.meta["seq"]
        self.db.execute(
            "UPDATE requests SET lease = ?, worker = ? WHERE id = ?", (lease, self.worker, request)
        )
        return Lease(id=str(lease), depth=depth, attempts=history.count("@died"), body=body)

    def _is_pruned(self, path: str) -> bool:
        return self._any_pruned and any(
            self.db.execute("SELECT 1 FROM pruned WHERE node = ?", (node,)).fetchone()
            for node in path.split(",")
        )

    def _note_visit(self, depth: int, host: str, delay: int, taken: int) -> None:
        next_at = self.now + delay if delay > 0 else 0
        self.db.execute(
            "INSERT INTO hosts (host, next_at, active) VALUES (?1, ?2, ?3) ON CONFLICT"
            " DO UPDATE SET next_at = max(next_at, ?2), active = active + ?3",
            (host, next_at, taken if self.rules.concurrency else 0),
        )
        if next_at:
            self._wait(depth, host, next_at)

    def _wait(self, depth: int, host: str, until: int) -> None:
        self.db.execute(
            "UPDATE waiting SET free_at = ? WHERE depth = ? AND host = ?", (until, depth, host)
        )

    def _forget_if_empty(self, depth: int, host: str) -> None:
        self.db.execute(
            "DELETE FROM waiting WHERE depth = ?1 AND host = ?2 AND NOT EXISTS (SELECT 1"
            " FROM requests WHERE depth = ?1 AND host = ?2 AND lease IS NULL)",
            (depth, host),
        )

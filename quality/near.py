"""Which texts are copies of which, over all platforms: one SQLite file, bounded memory.

Locality-sensitive hashing (Leskovec et al., Mining of Massive Datasets, 3.4): texts that share a
band are candidates; their signatures decide. An exact copy is found by its digest and enters no
band, so that what is posted a hundred thousand times costs no more than what is posted once.

Threads that hold copies of one another make up a group, named by its smallest thread whatever the
order of arrival: a training set must not part them (``exports``).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from gleanery.errors import StoreError, StoreUnavailableError
from gleanery.sqlite_transaction import transaction
from quality.fingerprint import BANDS, HASHES, Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

THRESHOLD = 0.8
"""Least likeness of near-duplicates."""
SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).with_suffix(".sql")
_BY_DIGEST = "SELECT * FROM (SELECT id FROM texts WHERE digest = ? ORDER BY id LIMIT 1)"
_BY_BAND = "SELECT * FROM (SELECT text FROM bands WHERE band = ? ORDER BY text LIMIT 16)"
# Of one band 16 texts are compared at most, the oldest first.
_CANDIDATES = " UNION ".join([_BY_DIGEST] + [_BY_BAND] * BANDS)
_COMPARED = "SELECT identity, thread, digest, signature FROM texts WHERE id IN ({}) ORDER BY id"

_TRACES = (
    "SELECT count(*) FROM texts WHERE identity = ?",
    "SELECT count(*) FROM texts WHERE twin = ?",
    "SELECT count(*) FROM groups WHERE thread = ?",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One text to be indexed."""

    identity: str
    thread: str
    """Identity of the post or video it stands under, or its own."""
    mark: Fingerprint | None
    """``None``: too short; what was indexed of it goes."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A text that is like another one."""

    identity: str
    likeness: float
    """In [0, 1]; 1 for an exact copy."""
    thread: str = ""


class NearIndex:
    """An index in a file; a context manager, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        """Open, and create what is missing.

        Raises:
            StoreUnavailableError: The file is locked or cannot be written.
            StoreError: It is no index of ours.
        """
        with self._translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # it can be built again
            self._db.execute("PRAGMA cache_size = -65536")  # KiB
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise StoreError(f"{self.path} has schema {version}: of a newer Gleanery")
            self._db.executescript(
                f"{_SCHEMA.read_text(encoding='utf-8')} PRAGMA user_version = {SCHEMA_VERSION};"
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._db:
            self._db.close()
        self._db = None

    def check(self, mark: Fingerprint) -> list[Twin]:
        """Return the texts that are like this one, the first that arrived first."""
        with self._translated():
            return list(self._twins(mark))

    def add(self, entries: Iterable[Entry]) -> int:
        """Index texts, all or none; return how many were new or had changed."""
        with self._translated(), self._transaction():
            return sum([self._add(entry) for entry in entries])

    def twin(self, identity: str) -> Twin | None:
        """Return the earliest text that an indexed one was like when it arrived."""
        with self._translated():
            row = (
                self._connected()
                .execute("SELECT twin, likeness FROM texts WHERE identity = ?", (identity,))
                .fetchone()
            )
        return Twin(*row) if row and row[0] else None

    def group(self, thread: str) -> str:
        """Return the name of a thread's group: its own, if it shares no text with another."""
        with self._translated():
            return self._root(thread)

    def groups(self) -> Iterator[tuple[str, str]]:
        """Yield the threads that share texts with others, and the names of their groups."""
        with self._translated():
            for (thread,) in self._connected().execute("SELECT thread FROM groups"):
                yield thread, self._root(thread)

    def join(self, threads: Iterable[tuple[str, str]]) -> None:
        """Put the two threads of each pair into one group."""
        with self._translated(), self._transaction():
            for one, other in threads:
                self._join(one, other)

    def remove(self, identities: Iterable[str]) -> int:
        """Take texts out, all or none, with every mention of them; return how many there were.

        What was like them loses its twin, and groups named by a thread that is gone get the name
        of the smallest one left.
        """
        with self._translated(), self._transaction():
            return sum([self._remove(identity) for identity in identities])

    def traces(self, identities: Iterable[str]) -> int:
        """Count the places that name some items: texts, twins, threads and their groups."""
        with self._translated():
            db = self._connected()
            return sum(
                db.execute(sql, (identity,)).fetchone()[0]
                for identity in identities
                for sql in _TRACES
            )

    def __len__(self) -> int:
        with self._translated():
            return int(self._connected().execute("SELECT count(*) FROM texts").fetchone()[0])

    # --- inside
    def _add(self, entry: Entry) -> bool:
        db = self._connected()
        known = db.execute(
            "SELECT id, digest FROM texts WHERE identity = ?", (entry.identity,)
        ).fetchone()
        if known:
            if entry.mark and known[1] == entry.mark.digest:
                return False
            self._forget(known[0])
        if entry.mark is None:
            return bool(known)
        twins = list(self._twins(entry.mark))
        first = twins[0] if twins else None
        cursor = db.execute(
            "INSERT INTO texts (identity, thread, digest, signature, twin, likeness)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                entry.identity,
                entry.thread,
                entry.mark.digest,
                entry.mark.signature.tobytes(),
                first and first.identity,
                first and first.likeness,
            ),
        )
        if all(twin.likeness < 1 for twin in twins):
            rows = [(band, cursor.lastrowid) for band in entry.mark.bands]
            db.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", rows)
        for twin in twins:
            self._join(entry.thread, twin.thread)
        return True

    def _forget(self, number: int) -> None:
        """Take a text out; a copy of it that is left takes its place in the bands."""
        db = self._connected()
        digest, signature = db.execute(
            "SELECT digest, signature FROM texts WHERE id = ?", (number,)
        ).fetchone()
        bands = Fingerprint(digest, np.frombuffer(signature, np.uint16)).bands
        db.executemany(
            "DELETE FROM bands WHERE band = ? AND text = ?", [(b, number) for b in bands]
        )
        db.execute("DELETE FROM texts WHERE id = ?", (number,))
        heir = db.execute("SELECT min(id) FROM texts WHERE digest = ?", (digest,)).fetchone()[0]
        if heir is not None:
            rows = [(band, heir) for band in bands]
            db.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", rows)

    def _remove(self, identity: str) -> bool:
        db = self._connected()
        known = db.execute("SELECT id FROM texts WHERE identity = ?", (identity,)).fetchone()
        if known:
            self._forget(known[0])
        db.execute("UPDATE texts SET twin = NULL, likeness = NULL WHERE twin = ?", (identity,))
        self._ungroup(identity)
        return known is not None

    def _ungroup(self, thread: str) -> None:
        """Take a thread out of its group; the others stay together."""
        db = self._connected()
        row = db.execute("SELECT parent FROM groups WHERE thread = ?", (thread,)).fetchone()
        if row is None:
            return
        below = "SELECT min(thread) FROM groups WHERE parent = ? AND thread <> ?"
        heir = row[0] if row[0] != thread else db.execute(below, (thread, thread)).fetchone()[0]
        db.execute("DELETE FROM groups WHERE thread = ?", (thread,))
        if heir is not None:
            db.execute("UPDATE groups SET parent = ? WHERE parent = ?", (heir, thread))

    def _twins(self, mark: Fingerprint) -> Iterator[Twin]:
        db = self._connected()
        marks = (mark.digest, *mark.bands)
        found = [number for (number,) in db.execute(_CANDIDATES, marks)]
        if not found:
            return
        rows = db.execute(_COMPARED.format(",".join("?" * len(found))), found).fetchall()
        signatures = np.frombuffer(b"".join(row[3] for row in rows), np.uint16)
        likeness = mark.likeness(signatures.reshape(-1, HASHES))
        for (identity, thread, digest, _), value in zip(rows, likeness.tolist(), strict=True):
            exact = digest == mark.digest
            if exact or value >= THRESHOLD:
                # what differs beyond MAX_CHARS, or by an accident of the hash, is no exact copy
                yield Twin(identity, 1.0 if exact else min(value, 0.99), thread)

    def _root(self, thread: str) -> str:
        db = self._connected()
        path = [thread]
        while row := db.execute("SELECT parent FROM groups WHERE thread = ?", path[-1:]).fetchone():
            if row[0] == path[-1]:
                break
            path.append(row[0])
        return path[-1]

    def _join(self, one: str, other: str) -> None:
        if one == other:
            return
        db, low, high = self._connected(), *sorted((self._root(one), self._root(other)))
        # Each points at the root of its group: the next search takes one step (path compression).
        rows = {low: low, high: low, one: low, other: low}
        db.executemany("INSERT OR REPLACE INTO groups VALUES (?, ?)", rows.items())

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreUnavailableError(f"{self.path} is not open")
        return self._db

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._connected()):
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreUnavailableError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} is no index of ours: {error}") from error

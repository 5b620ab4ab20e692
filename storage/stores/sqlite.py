"""The embedded store: one SQLite file in WAL mode, many readers beside one writer."""

from __future__ import annotations

import gzip
import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from gleanery.errors import StoreError, StoreUnavailableError, WriteRejectedError
from gleanery.json_text import read_json
from gleanery.sqlite_transaction import transaction
from items import Proposal, item_from_dict
from items.clock import utc_now
from storage.bigram import match_query
from storage.book import TOMBSTONES, VISITS, Book
from storage.bookkeeping import folded, pages
from storage.item_filter import ANY, Place, cut
from storage.scanned import reader_of
from storage.sqlite import book, counting, deletion, schema, writing
from storage.sqlite.pages import comments_query, page_query, scan_query, search_query
from storage.store import Row, Store, StoreStats
from storage.tombstones import buried, without
from storage.visits import Policy, followed, observed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from items import Item
    from items.proposal import Status
    from storage.item_filter import ItemFilter, Page
    from storage.options import StoreOptions
    from storage.scanned import Form
    from storage.store import Change

_LATEST = "SELECT body FROM items {} ORDER BY fetched_at DESC, id DESC LIMIT ?"


class SqliteStore(Store):
    """One file; commits reach the disk before :meth:`save` returns (``synchronous=FULL``)."""

    name: ClassVar[str] = "sqlite"

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        super().__init__(path, options)
        self._db: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def open(self) -> None:
        try:
            self._open()
        except WriteRejectedError as error:
            raise StoreError(f"{self.path} is no store of ours: {error}") from error

    def _open(self) -> None:
        with _translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self.path, timeout=10, check_same_thread=False, isolation_level=None
            )
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            schema.prepare(self._db, self.path, read_only=self.options.read_only)
            self._db.execute(f"PRAGMA query_only = {int(self.options.read_only)}")

    def close(self) -> None:
        with self._lock:
            if self._db:
                self._db.close()
            self._db = None

    def save(self, items: Sequence[Item]) -> None:
        rows, raw = folded(items), pages(items)
        with self._lock, _translated(), self._transaction() as db:
            gone = buried(items, partial(book.read, db, TOMBSTONES))
            writing.save(db, without(rows, gone), without(raw, gone))
            new = without(followed(items), gone)
            policy = Policy.of(self.options)
            book.change(db, VISITS, [*new], lambda key, old: observed(old, new[key], policy))

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        with self._lock, _translated(), self._transaction() as db:
            there = writing.known(db, [*changes])
            rows = {}
            for identity in changes:
                if known := there.get(identity):
                    changes[identity](item := item_from_dict(json.loads(known.body)))
                    rows[identity] = item.to_dict()
            writing.write(db, rows, there)
        return [*rows]

    def delete(self, identities: Sequence[str]) -> list[str]:
        with self._lock, _translated():
            connected = self._connected()
            try:
                with deletion.overwriting(connected), self._transaction() as db:
                    for known in self.proposals():
                        if known.forget(identities):
                            _keep(db, known)
                    return deletion.delete(db, identities)
            finally:
                connected.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        with self._turn() as db:
            return deletion.traces(db, identities) | {
                "proposals": sum(p.forget(identities) for p in self.proposals())
            }

    def rows(self, identities: Sequence[str]) -> list[Row]:
        marks = ",".join("?" * len(identities))
        sql = f"SELECT body FROM items WHERE identity IN ({marks})"  # noqa: S608
        found = {row["identity"]: row for row in self._rows(sql, list(identities))}
        return [found[identity] for identity in identities if identity in found]

    def raw(self, identity: str) -> bytes | None:
        with self._lock, _translated():
            row = (
                self._connected()
                .execute("SELECT body FROM raw WHERE identity = ?", (identity,))
                .fetchone()
            )
        return gzip.decompress(row[0]) if row else None

    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        words = match_query(text)
        return self._rows(*search_query(words, wanted, limit)) if words else []

    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        found = self._fetched(*page_query(wanted, after, limit + 1))
        return cut(found, limit, lambda row: Place(row["instant"], row["id"]), _item)

    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        found = self._fetched(*comments_query(identity, after.number if after else 0, limit + 1))
        return cut(found, limit, lambda row: Place("", row["id"]), _item)

    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        return map(read_json, self._bodies(unclassified=unclassified, kinds=kinds))

    def scan_as(self, form: type[Form], *, kinds: Sequence[str] = ()) -> Iterator[Form]:
        return map(reader_of(form), self._bodies(unclassified=False, kinds=kinds))

    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        if category:
            return self._rows(_LATEST.format("WHERE category = ?"), [category, limit])
        return self._rows(_LATEST.format(""), [limit])

    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        with _translated(), self._beside() as db:  # counting takes long: pages must not wait
            return counting.counted(db, classified_kinds)

    def propose(self, proposals: Sequence[Proposal]) -> int:
        new = 0
        with self._lock, _translated(), self._transaction() as db:
            for proposal in proposals:
                if known := _proposal(db, proposal.identity):
                    known.evidence = list(dict.fromkeys([*known.evidence, *proposal.evidence]))
                _keep(db, known or proposal)
                new += known is None
        return new

    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        found = [Proposal.from_dict(row) for row in self._rows("SELECT body FROM proposals")]
        kept = [p for p in found if status in (None, p.status)]
        return sorted(kept, key=lambda p: (-len(p.evidence), p.identity))

    def decide(self, identity: str, status: Status) -> bool:
        with self._lock, _translated(), self._transaction() as db:
            if known := _proposal(db, identity):
                known.status, known.decided_at = status, utc_now()
                _keep(db, known)
        return known is not None

    def book(self, name: str) -> Book:
        return book.SqliteBook(name, self._turn, self._reading)

    # --- inside
    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(), self._transaction() as db:
            yield db

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(), transaction(self._connected(), reading=True) as db:
            yield db

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreUnavailableError(f"{self.path} is not open")
        return self._db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with transaction(self._connected(), reading=self.options.read_only) as db:
            yield db

    def _bodies(self, *, unclassified: bool, kinds: Sequence[str]) -> Iterator[bytes]:
        last = 0
        while rows := self._fetched(*scan_query(last, unclassified=unclassified, kinds=kinds)):
            for row in rows:
                yield row["body"]
            last = rows[-1]["id"]

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return [*map(_item, self._fetched(sql, values))]

    def _fetched(self, sql: str, values: Sequence[object]) -> list[sqlite3.Row]:
        with self._lock, _translated():
            return self._connected().execute(sql, values).fetchall()

    @contextmanager
    def _beside(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection of its own, for reading; nobody waits for it."""
        self._connected()
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as db:
            db.execute("PRAGMA query_only = 1")
            with transaction(db, reading=True):
                yield db


def _item(row: sqlite3.Row) -> Row:
    found: Row = read_json(row["body"])
    return found


def _proposal(db: sqlite3.Connection, identity: str) -> Proposal | None:
    row = db.execute("SELECT body FROM proposals WHERE identity = ?", (identity,)).fetchone()
    return Proposal.from_dict(json.loads(row["body"])) if row else None


def _keep(db: sqlite3.Connection, proposal: Proposal) -> None:
    body = json.dumps(proposal.to_dict(), ensure_ascii=False)
    db.execute("INSERT OR REPLACE INTO proposals VALUES (?, ?)", (proposal.identity, body))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise StoreUnavailableError(str(error)) from error
    except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
        raise WriteRejectedError(str(error)) from error

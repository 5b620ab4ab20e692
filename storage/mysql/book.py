"""Records beside items, in MySQL or MariaDB; functions work in a transaction of their caller's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, select

from storage.book import Book, Record
from storage.mysql.database import marks, upsert
from storage.mysql.hashing import hash_of
from storage.mysql.schema import books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from storage.mysql.database import Database

PAGE = 500
_KEY = ("name_hash", "name")


def read(
    db: Connection, table: Table, keys: Sequence[str], *, lock: bool = False
) -> dict[str, Record]:
    """Return the records of ``keys`` that there are."""
    found: dict[str, Record] = {}
    for start in range(0, len(keys), PAGE):
        hashes = tuple(hash_of(key) for key in keys[start : start + PAGE])
        query = f"SELECT name, body FROM `{table.name}` WHERE name_hash IN ({marks(len(hashes))})"  # noqa: S608
        rows = db.exec_driver_sql(f"{query} FOR UPDATE" if lock else query, hashes)
        found |= {row.name: json.loads(row.body) for row in rows}
    return found


def change(
    db: Connection,
    table: Table,
    keys: Sequence[str],
    new: Callable[[str, Record | None], Record | None],
) -> None:
    """Change the records of ``keys``; those that are known are locked meanwhile."""
    known = read(db, table, keys, lock=True)
    fresh: list[Any] = []
    changed: list[Any] = []
    for key in sorted(keys):  # one order for all: fewer deadlocks
        if record := new(key, known.get(key)):
            (changed if key in known else fresh).append(_row(record))
    statement = upsert(table, key=_KEY)
    if fresh:  # entered by another meanwhile: lost, and repeated by the caller's transaction
        db.exec_driver_sql(statement.partition(" ON DUPLICATE")[0], fresh)
    if changed:
        db.exec_driver_sql(statement, changed)


class MysqlBook(Book):
    """One table."""

    def __init__(self, database: Database, name: str) -> None:
        """Prepare for the table ``name``, one of ``storage.book.BOOKS``."""
        self.database = database
        self.table = books[name]

    def get(self, keys: Sequence[str]) -> dict[str, Record]:
        return self.database.transact(lambda db: read(db, self.table, keys))

    def change(
        self, keys: Sequence[str], change_one: Callable[[str, Record | None], Record | None]
    ) -> None:
        self.database.transact(lambda db: change(db, self.table, keys, change_one))

    def listed(
        self, *, group: str | None = None, until: str | None = None, limit: int = 100,
        newest: bool = False,
    ) -> list[Record]:  # fmt: skip
        at = self.table.c.at
        query = select(self.table.c.body).where(at.is_not(None))
        if group is not None:
            query = query.where(self.table.c.family == group)
        if until is not None:
            query = query.where(at <= until)
        order = (at, self.table.c.name_hash)  # as the index has them, in both directions
        wanted = query.order_by(*(c.desc() if newest else c for c in order)).limit(limit)
        return self._bodies(wanted)

    def scan(self) -> Iterator[Record]:
        last = b""
        while True:
            hashed = self.table.c.name_hash
            query = select(self.table.c.body).where(hashed > last).order_by(hashed).limit(PAGE)
            if not (page := self._bodies(query)):
                return
            yield from page
            last = hash_of(page[-1]["key"])

    def delete(self, keys: Sequence[str]) -> int:
        hashes = [hash_of(key) for key in keys]
        statement = delete(self.table).where(self.table.c.name_hash.in_(hashes))
        return self.database.transact(lambda db: db.execute(statement).rowcount)

    def _bodies(self, query: Select[Any]) -> list[Record]:
        bodies = self.database.transact(lambda db: list(db.execute(query).scalars()))
        return [json.loads(body) for body in bodies]


def _row(record: Record) -> tuple[bytes, str, str, str | None, str]:
    body = json.dumps(record, ensure_ascii=False)
    return hash_of(record["key"]), record["key"], record["group"], record["at"], body

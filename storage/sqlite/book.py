"""Records beside items, in SQLite; functions work in a transaction of their caller's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from storage.book import BOOKS, Book, Record
from storage.sqlite.deletion import overwriting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

PAGE = 500
SCHEMA = "".join(
    f"""
CREATE TABLE IF NOT EXISTS {name} (
    name TEXT PRIMARY KEY, family TEXT NOT NULL, at TEXT, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {name}_at ON {name} (at);
CREATE INDEX IF NOT EXISTS {name}_family ON {name} (family, at);
"""
    for name in BOOKS
)
_UPSERT = (
    "INSERT INTO {} (name, family, at, body) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " family = excluded.family, at = excluded.at, body = excluded.body"
)


def read(db: sqlite3.Connection, table: str, keys: Sequence[str]) -> dict[str, Record]:
    """Return the records of ``keys`` that there are."""
    found: dict[str, Record] = {}
    for start in range(0, len(keys), PAGE):
        part = keys[start : start + PAGE]
        sql = f"SELECT name, body FROM {table} WHERE name IN ({','.join('?' * len(part))})"  # noqa: S608
        found |= {row["name"]: json.loads(row["body"]) for row in db.execute(sql, part)}
    return found


def change(
    db: sqlite3.Connection,
    table: str,
    keys: Sequence[str],
    new: Callable[[str, Record | None], Record | None],
) -> None:
    """Change the records of ``keys``."""
    known = read(db, table, keys)
    records = [record for key in keys if (record := new(key, known.get(key)))]
    db.executemany(_UPSERT.format(table), [_row(record) for record in records])


class SqliteBook(Book):
    """One table of a store's file."""

    def __init__(
        self,
        table: str,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
    ) -> None:
        """Prepare.

        Args:
            table: One of ``BOOKS``.
            transaction: Gives a locked connection; commits at its end.
            reading: The same, for what writes nothing: it waits for no other process.
        """
        self.table = table
        self.transaction = transaction
        self.reading = reading

    def get(self, keys: Sequence[str]) -> dict[str, Record]:
        with self.reading() as db:
            return read(db, self.table, keys)

    def change(
        self, keys: Sequence[str], change_one: Callable[[str, Record | None], Record | None]
    ) -> None:
        with self.transaction() as db:
            change(db, self.table, keys, change_one)

    def listed(
        self, *, group: str | None = None, until: str | None = None, limit: int = 100,
        newest: bool = False,
    ) -> list[Record]:  # fmt: skip
        where, values = ["at IS NOT NULL"], []
        for clause, value in (("family = ?", group), ("at <= ?", until)):
            if value is not None:
                where.append(clause)
                values.append(value)
        sql = f"SELECT body FROM {self.table} WHERE {' AND '.join(where)}"  # noqa: S608
        order = "at DESC" if newest else "at"
        return self._bodies(f"{sql} ORDER BY {order}, name LIMIT {int(limit)}", *values)

    def scan(self) -> Iterator[Record]:
        last = ""
        sql = f"SELECT body FROM {self.table} WHERE name > ? ORDER BY name LIMIT {PAGE}"  # noqa: S608
        while page := self._bodies(sql, last):
            yield from page
            last = page[-1]["key"]

    def delete(self, keys: Sequence[str]) -> int:
        with self.transaction() as db, overwriting(db):
            sql = f"DELETE FROM {self.table} WHERE name = ?"  # noqa: S608
            return sum(db.execute(sql, (key,)).rowcount for key in keys)

    def _bodies(self, sql: str, *values: str) -> list[Record]:
        with self.reading() as db:
            return [json.loads(row["body"]) for row in db.execute(sql, values)]


def _row(record: Record) -> tuple[str, str, str | None, str]:
    body = json.dumps(record, ensure_ascii=False)
    return record["key"], record["group"], record["at"], body

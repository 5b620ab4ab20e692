"""Everything in MySQL or MariaDB: catalogue, documents and pages; a batch is one transaction."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from storage.bookkeeping import Version, folded, pages
from storage.merge import merged
from storage.mysql.catalogue import enter
from storage.mysql.catalogue_store import CatalogueStore
from storage.mysql.database import translated, upsert
from storage.mysql.hashing import hash_of
from storage.mysql.schema import documents, items, raw_pages
from storage.tombstones import without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from items import Item
    from storage.store import Change, Row

_KNOWN = (
    select(items.c.identity, items.c.revision, documents.c.body)
    .join(documents, documents.c.item_id == items.c.id)
    .where(items.c.identity_hash.in_(bindparam("hashes", expanding=True)))
)
_DOCUMENTS = upsert(documents, key=("item_id",))
_PAGES = upsert(raw_pages, key=("item_id",))
_PAGE = (
    select(raw_pages.c.body)
    .join(items, raw_pages.c.item_id == items.c.id)
    .where(items.c.identity_hash == bindparam("hash"))
)


class MysqlItems(CatalogueStore):
    """Known items are locked while they are merged; what two writers enter is merged once more."""

    def save(self, items: Sequence[Item]) -> None:
        with translated(self.database.where):
            rows, raw = folded(items), pages(items)

            def work(db: Connection) -> None:
                gone = self.buried_in(db, items)
                _save(db, without(rows, gone), without(raw, gone))
                self.observe_in(db, [item for item in items if item.identity not in gone])

            self.database.transact(work)

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        def work(db: Connection) -> list[str]:
            known = _known(db, [*changes])
            there = [identity for identity in changes if identity in known]
            _write(db, [known[identity].changed(changes[identity]) for identity in there])
            return there

        return self.database.transact(work)

    def versions(self, numbers: Mapping[int, str]) -> Mapping[str, Version]:
        return self.database.transact(lambda db: _known(db, [*numbers.values()], lock=False))

    def rows(self, identities: Sequence[str]) -> list[Row]:
        found = self.database.transact(lambda db: _known(db, identities, lock=False))
        return [found[identity].row for identity in identities if identity in found]

    def raw(self, identity: str) -> bytes | None:
        hashed = {"hash": hash_of(identity)}
        body = self.database.transact(lambda db: db.execute(_PAGE, hashed).scalar())
        return gzip.decompress(body) if body else None


def _known(db: Connection, identities: Sequence[str], *, lock: bool = True) -> dict[str, Version]:
    query = _KNOWN.with_for_update() if lock else _KNOWN
    hashes = [hash_of(identity) for identity in identities]
    return {
        found.identity: Version(json.loads(found.body), found.revision)
        for found in db.execute(query, {"hashes": hashes})
    }


def _save(db: Connection, rows: dict[str, Row], raw: dict[str, bytes]) -> None:
    known = _known(db, [*rows])
    new = [Version(row, 1) for identity, row in rows.items() if identity not in known]
    changed = []
    for identity, old in known.items():
        row = merged(old.row, rows[identity])
        if row != old.row:
            changed.append(Version(row, old.revision + 1))
    numbers = _write(db, new, all_new=True) | _write(db, changed)
    if raw:
        if missing := [identity for identity in raw if identity not in numbers]:
            numbers |= _numbers(db, missing)
        db.exec_driver_sql(_PAGES, [(numbers[identity], body) for identity, body in raw.items()])


def _write(db: Connection, versions: Sequence[Version], *, all_new: bool = False) -> dict[str, int]:
    numbers = enter(db, versions, all_new=all_new)
    bodies: list[Any] = [
        (numbers[v.row["identity"]], json.dumps(v.row, ensure_ascii=False)) for v in versions
    ]
    if bodies:
        db.exec_driver_sql(_DOCUMENTS, bodies)
    return numbers


def _numbers(db: Connection, identities: Sequence[str]) -> dict[str, int]:
    hashes = [hash_of(identity) for identity in identities]
    query = select(items.c.identity, items.c.id).where(items.c.identity_hash.in_(hashes))
    return {found.identity: found.id for found in db.execute(query)}

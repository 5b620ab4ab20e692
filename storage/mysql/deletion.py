"""Removing items from MySQL or MariaDB; functions work in a transaction of their caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select

from storage.book import DOCUMENT_BOOKS, VISITS, family_of
from storage.mysql.hashing import hash_of
from storage.mysql.schema import books, documents, item_terms, items, labels, raw_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_PARTS = (documents, raw_pages, item_terms, labels)
"""What hangs on an entry; the server removes it with the entry (``ON DELETE CASCADE``)."""


def delete(db: Connection, identities: Sequence[str]) -> list[str]:
    """Remove entries with all that hangs on them, and visits; return those that were there."""
    hashes = [hash_of(identity) for identity in identities]
    known = select(items.c.id, items.c.identity).where(items.c.identity_hash.in_(hashes))
    rows = db.execute(known.with_for_update()).all()
    db.execute(delete_from(books[VISITS]).where(books[VISITS].c.name_hash.in_(hashes)))
    for book in (books[name] for name in DOCUMENT_BOOKS):
        db.execute(delete_from(book).where(book.c.family.in_(_families(identities))))
    if rows:
        db.execute(delete_from(items).where(items.c.id.in_([row.id for row in rows])))
    there = {row.identity for row in rows}
    return [identity for identity in dict.fromkeys(identities) if identity in there]


def traces(db: Connection, identities: Sequence[str]) -> dict[str, int]:
    """Count what each table has of some items."""
    hashes = [hash_of(identity) for identity in identities]
    mine = items.c.identity_hash.in_(hashes)
    counts = {"items": db.execute(select(func.count()).select_from(items).where(mine)).scalar_one()}
    for part in _PARTS:
        query = select(func.count()).select_from(part.join(items)).where(mine)
        counts[part.name] = db.execute(query).scalar_one()
    found = {VISITS: books[VISITS].c.name_hash.in_(hashes)} | {
        name: books[name].c.family.in_(_families(identities)) for name in DOCUMENT_BOOKS
    }
    for name, these in found.items():
        query = select(func.count()).select_from(books[name]).where(these)
        counts[name] = db.execute(query).scalar_one()
    return counts


def _families(identities: Sequence[str]) -> list[str]:
    return [family_of(identity) for identity in identities]

"""Removing items from MongoDB: what tells of an item goes last, so that a kill hides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.book import DOCUMENT_BOOKS, VISITS, family_of
from storage.mongodb.schema import ITEMS, PAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database

    from storage.mongodb.database import Document


def delete(db: Database[Document], identities: Sequence[str]) -> list[str]:
    """Remove documents, pages and visits; return those that were there."""
    these = {"_id": {"$in": list(identities)}}
    there = {found["_id"] for name in ITEMS for found in db[name].find(these, {"_id": 1})}
    for name in DOCUMENT_BOOKS:
        db[name].delete_many(_records(identities))
    for name in (PAGES, VISITS, *ITEMS):
        db[name].delete_many(these)
    return [identity for identity in dict.fromkeys(identities) if identity in there]


def traces(db: Database[Document], identities: Sequence[str]) -> dict[str, int]:
    """Count what each collection has of some items."""
    these = {"_id": {"$in": list(identities)}}
    found = {name: db[name].count_documents(these) for name in (*ITEMS, PAGES, VISITS)}
    records = _records(identities)
    return found | {name: db[name].count_documents(records) for name in DOCUMENT_BOOKS}


def _records(identities: Sequence[str]) -> Document:
    return {"group": {"$in": [family_of(identity) for identity in identities]}}

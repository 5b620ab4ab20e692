"""Removing items from MongoDB: what tells of an item goes last, so that a kill hides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from storage.book import DOCUMENT_BOOKS, VISITS, family_of
from storage.mongodb.loop import together
from storage.mongodb.schema import ITEMS, PAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from storage.mongodb.database import Document


async def delete(db: AsyncDatabase[Document], identities: Sequence[str]) -> list[str]:
    """Remove documents, pages and visits; return those that were there."""
    these = {"_id": {"$in": list(identities)}}
    pages = await asyncio.gather(*(db[name].find(these, {"_id": 1}).to_list() for name in ITEMS))
    there = {found["_id"] for page in pages for found in page}
    records = _records(identities)
    await together(
        *(db[name].delete_many(records) for name in DOCUMENT_BOOKS),
        *(db[name].delete_many(these) for name in (PAGES, VISITS)),
    )
    await together(*(db[name].delete_many(these) for name in ITEMS))
    return [identity for identity in dict.fromkeys(identities) if identity in there]


async def traces(db: AsyncDatabase[Document], identities: Sequence[str]) -> dict[str, int]:
    """Count what each collection has of some items."""
    these = {"_id": {"$in": list(identities)}}
    where = dict.fromkeys((*ITEMS, PAGES, VISITS), these)
    where |= dict.fromkeys(DOCUMENT_BOOKS, _records(identities))
    counted = await asyncio.gather(*(db[n].count_documents(one) for n, one in where.items()))
    return dict(zip(where, counted, strict=True))


def _records(identities: Sequence[str]) -> Document:
    return {"group": {"$in": [family_of(identity) for identity in identities]}}

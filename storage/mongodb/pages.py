"""Queries for pages of items; each is answered from one index, in its order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from storage.item_filter import Place, cut
from storage.mongodb.schema import COMMENTS, DOCUMENTS, ITEMS

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from storage.item_filter import ItemFilter, Page
    from storage.mongodb.database import Document

_SIGNS = {"=": "$eq", ">=": "$gte", "<": "$lt"}


async def page(
    db: AsyncDatabase[Document], wanted: ItemFilter, after: Place | None, limit: int
) -> Page:
    """Return the next ``limit`` wanted items, newest first, out of both collections."""
    order = f"item.{wanted.order}"
    where = filter_of(wanted)
    if after:
        earlier = [{order: {"$lt": after.instant}}, {"number": {"$lt": after.number}}]
        where = {"$and": [where, {order: {"$lte": after.instant}}, {"$or": earlier}]}
    each = await asyncio.gather(
        *(
            db[name]
            .find(where, {"item": 1, "number": 1})
            .sort([(order, DESCENDING), ("number", DESCENDING)])
            .hint(wanted.index)
            .limit(limit + 1)
            .to_list()
            for name in _collections(wanted.kind)
        )
    )
    found = [document for documents in each for document in documents]
    found.sort(key=lambda d: (d["item"][wanted.order], d["number"]), reverse=True)
    return cut(found, limit, lambda d: Place(d["item"][wanted.order], d["number"]), _item)


async def comments(db: AsyncDatabase[Document], root: str, after: int, limit: int) -> Page:
    """Return the next ``limit`` comments under ``root``, in order of their numbers."""
    found = await (
        db[COMMENTS]
        .find({"item.root": root, "number": {"$gt": after}}, {"item": 1, "number": 1})
        .sort([("number", ASCENDING)])
        .hint("root")
        .limit(limit + 1)
        .to_list()
    )
    return cut(found, limit, lambda d: Place("", d["number"]), _item)


def filter_of(wanted: ItemFilter) -> Document:
    """Return the filter for wanted items."""
    found: Document = {}
    for name, sign, value in wanted.conditions():
        where = name if name == "quality" else f"item.{name}"
        found.setdefault(where, {})[_SIGNS[sign]] = value
    return found


def _collections(kind: str | None) -> tuple[str, ...]:
    if kind is None:
        return ITEMS
    return (COMMENTS,) if kind == "comment" else (DOCUMENTS,)


def _item(document: Document) -> Any:
    return document["item"]

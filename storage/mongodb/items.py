"""Everything in MongoDB: what :class:`Documents` keeps, counted and searched."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from storage.book import TOMBSTONES, VISITS
from storage.mongodb import deletion, proposals
from storage.mongodb.batch import Batch, Draft
from storage.mongodb.book import Records
from storage.mongodb.documents import Documents, LostError
from storage.mongodb.pages import filter_of
from storage.mongodb.schema import ITEMS
from storage.searched import text_of, title_of
from storage.store import Row, StoreStats
from storage.tombstones import buried, marks_of
from storage.visits import Policy, followed, observed
from storage.words import needed_terms, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from items import Item
    from storage.item_filter import ItemFilter
    from storage.mongodb.database import Document
    from storage.options import StoreOptions

CANDIDATES = 500
"""Newest documents with all terms of a search, among which the best are chosen."""


class Items(Documents):
    """The whole store; its coroutines do what the methods of ``Store`` do."""

    def __init__(self, options: StoreOptions) -> None:
        """Prepare; see :class:`Documents`."""
        super().__init__(options, alone=True)
        self.policy = Policy.of(options)

    async def save_items(self, items: Sequence[Item]) -> None:
        """Look up what is known and what was purged at once, then write all that is new at once."""
        batch = Batch.of(items)
        known, gone = await asyncio.gather(self.look_up(batch), self._buried(items))
        batch = batch.without(gone)
        try:
            await self.write(Draft.over(batch, known))
        except LostError:
            await self.save(batch)
        new = followed([item for item in items if item.identity not in gone])
        visits = Records(self.mongo, VISITS)
        await visits.change([*new], lambda key, old: observed(old, new[key], self.policy))

    async def delete(self, identities: Sequence[str]) -> list[str]:
        await proposals.forget(self.db, identities)
        return await deletion.delete(self.db, identities)

    async def traces(self, identities: Sequence[str]) -> dict[str, int]:
        there, found = await asyncio.gather(
            proposals.listed(self.db, None), deletion.traces(self.db, identities)
        )
        return found | {"proposals": sum(p.forget(identities) for p in there)}

    async def search(self, text: str, limit: int, wanted: ItemFilter) -> list[Row]:
        whole, heads = needed_terms(text)
        said: list[Document] = [{"terms": {"$all": whole}}] if whole else []
        said += [{"terms": {"$regex": f"^{re.escape(head)}"}} for head in heads]
        if not said:
            return []
        found = await self.newest({"$and": [*said, filter_of(wanted)]}, max(CANDIDATES, limit))
        scored = [(_says(row, text), row) for row in found]
        scored = [pair for pair in scored if pair[0]]
        return [row for _, row in sorted(scored, key=lambda pair: -pair[0])[:limit]]

    async def after(self, last: int, where: Document, most: int) -> list[Document]:
        """Return the next ``most`` documents in order of first saving."""
        where = {"number": {"$gt": last}} | where
        page = await self._found(where, [("number", ASCENDING)], most)
        return sorted(page, key=lambda d: d["number"])[:most]

    async def newest(self, where: Document, limit: int) -> list[Row]:
        """Return the items fetched last, newest first."""
        order = [("item.fetched_at", DESCENDING), ("number", DESCENDING)]
        found = await self._found(where, order, limit)
        found.sort(key=lambda d: (d["item"]["fetched_at"], d["number"]), reverse=True)
        return [document["item"] for document in found[:limit]]

    async def stats(self, classified_kinds: Sequence[str]) -> StoreStats:
        waiting = {"item.classified_at": None, "item.kind": {"$in": list(classified_kinds)}}
        total, unclassified, needs_review = await asyncio.gather(
            self._count({}), self._count(waiting), self._count({"item.needs_review": True})
        )
        platforms, kinds, categories, depths, days = await asyncio.gather(
            self._groups("$item.platform"),
            self._groups("$item.kind"),
            self._groups("$item.category", {"item.category": {"$ne": None}}),
            self._groups("$item.depth"),
            self._groups({"$substrBytes": ["$item.fetched_at", 0, 10]}),
        )
        return StoreStats(
            total=total,
            items=platforms,
            kinds=kinds,
            categories=categories,
            depths=dict(sorted(depths.items())),
            days=dict(sorted(days.items())),
            unclassified=unclassified,
            needs_review=needs_review,
        )

    async def _buried(self, items: Sequence[Item]) -> set[str]:
        marks = dict.fromkeys(mark for item in items for mark in marks_of(item))
        found = await Records(self.mongo, TOMBSTONES).get([*marks])
        return buried(items, lambda _marks: found)

    async def _found(
        self, where: Document, order: list[tuple[str, int]], most: int
    ) -> list[Document]:
        """Return up to ``most`` documents of each collection, in ``order`` within each."""
        each = await asyncio.gather(
            *(
                self.db[name].find(where, {"terms": 0}).sort(order).limit(most).to_list()
                for name in ITEMS
            )
        )
        return [document for page in each for document in page]

    async def _count(self, where: Document) -> int:
        return sum(await asyncio.gather(*(self.db[n].count_documents(where) for n in ITEMS)))

    async def _groups(self, key: Any, where: Document | None = None) -> dict[Any, int]:
        steps = [{"$match": where or {}}, {"$group": {"_id": key, "n": {"$sum": 1}}}]
        counts: dict[Any, int] = {}
        for name in ITEMS:
            async for group in await self.db[name].aggregate(steps):
                counts[group["_id"]] = counts.get(group["_id"], 0) + group["n"]
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _says(row: Row, text: str) -> int:
    return says(title_of(row), text_of(row), text)

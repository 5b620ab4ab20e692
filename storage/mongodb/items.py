"""Everything in MongoDB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from storage.book import TOMBSTONES
from storage.item_filter import ANY
from storage.mongodb import deletion, pages, proposals, schema
from storage.mongodb.book import MongodbBook
from storage.mongodb.database import Document, translated
from storage.mongodb.documents import Documents
from storage.mongodb.pages import filter_of
from storage.mongodb.schema import ITEMS
from storage.searched import text_of, title_of
from storage.store import Row, Store, StoreStats
from storage.tombstones import buried
from storage.words import needed_terms, says

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from items import Item, Proposal
    from items.proposal import Status
    from storage.book import Book
    from storage.item_filter import ItemFilter, Page, Place
    from storage.options import StoreOptions
    from storage.store import Change

PAGE = 500
"""Documents read at once by :meth:`MongodbItems.scan`."""
CANDIDATES = 500
"""Newest documents with all terms of a search, among which the best are chosen."""


class MongodbItems(Store):
    """Counts and searches what :class:`Documents` keeps."""

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        super().__init__(path, options)
        self.documents = Documents(self.options, alone=True)
        self.db = self.documents.db

    def open(self) -> None:
        with translated():
            schema.require(self.db)

    def close(self) -> None:
        self.db.client.close()

    def init(self) -> list[str]:
        with translated():
            return schema.make(self.db, alone=True, raw_keep_days=self.options.raw_keep_days)

    def check(self) -> list[str]:
        with translated():
            return schema.problems(self.db, alone=True)

    def save(self, items: Sequence[Item]) -> None:
        gone = buried(items, self.book(TOMBSTONES).get)
        items = [item for item in items if item.identity not in gone]
        self.documents.save(items)
        self.observe(items)

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        changed = self.documents.update(changes)
        return [identity for identity in changes if identity in changed]

    def delete(self, identities: Sequence[str]) -> list[str]:
        with translated():
            proposals.forget(self.db, identities)
            return deletion.delete(self.db, identities)

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        named = sum(p.forget(identities) for p in self.proposals())
        with translated():
            return deletion.traces(self.db, identities) | {"proposals": named}

    def rows(self, identities: Sequence[str]) -> list[Row]:
        return self.documents.rows(identities)

    def raw(self, identity: str) -> bytes | None:
        return self.documents.raw(identity)

    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        whole, heads = needed_terms(text)
        said: list[Document] = [{"terms": {"$all": whole}}] if whole else []
        said += [{"terms": {"$regex": f"^{re.escape(head)}"}} for head in heads]
        if not said:
            return []
        found = self._newest({"$and": [*said, filter_of(wanted)]}, max(CANDIDATES, limit))
        scored = [(_says(row, text), row) for row in found]
        scored = [pair for pair in scored if pair[0]]
        return [row for _, row in sorted(scored, key=lambda pair: -pair[0])[:limit]]

    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        with translated():
            return pages.page(self.db, wanted, after, limit)

    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        with translated():
            return pages.comments(self.db, identity, after.number if after else 0, limit)

    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        last = 0
        while True:
            where: Document = {"number": {"$gt": last}}
            where |= {"item.classified_at": None} if unclassified else {}
            where |= {"item.kind": {"$in": list(kinds)}} if kinds else {}
            page = self._found(where, [("number", ASCENDING)], PAGE)
            page = sorted(page, key=lambda d: d["number"])[:PAGE]
            if not page:
                return
            yield from (document["item"] for document in page)
            last = page[-1]["number"]

    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        return self._newest({"item.category": category} if category else {}, limit)

    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        waiting = {"item.classified_at": None, "item.kind": {"$in": list(classified_kinds)}}
        with translated():
            return StoreStats(
                total=self._count({}),
                items=self._groups("$item.platform"),
                kinds=self._groups("$item.kind"),
                categories=self._groups("$item.category", {"item.category": {"$ne": None}}),
                depths=dict(sorted(self._groups("$item.depth").items())),
                days=dict(
                    sorted(self._groups({"$substrBytes": ["$item.fetched_at", 0, 10]}).items())
                ),
                unclassified=self._count(waiting),
                needs_review=self._count({"item.needs_review": True}),
            )

    def propose(self, new: Sequence[Proposal]) -> int:
        with translated():
            return proposals.propose(self.db, new)

    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        with translated():
            return proposals.listed(self.db, status)

    def decide(self, identity: str, status: Status) -> bool:
        with translated():
            return proposals.decide(self.db, identity, status)

    def book(self, name: str) -> Book:
        return MongodbBook(self.db, name)

    def _newest(self, where: Document, limit: int) -> list[Row]:
        order = [("item.fetched_at", DESCENDING), ("number", DESCENDING)]
        found = self._found(where, order, limit)
        found.sort(key=lambda d: (d["item"]["fetched_at"], d["number"]), reverse=True)
        return [document["item"] for document in found[:limit]]

    def _found(self, where: Document, order: list[tuple[str, int]], most: int) -> list[Document]:
        """Return up to ``most`` documents of each collection, in ``order`` within each."""
        with translated():
            return [
                document
                for name in ITEMS
                for document in self.db[name].find(where, {"terms": 0}).sort(order).limit(most)
            ]

    def _count(self, where: Document) -> int:
        return sum(self.db[name].count_documents(where) for name in ITEMS)

    def _groups(self, key: Any, where: Document | None = None) -> dict[Any, int]:
        steps = [{"$match": where or {}}, {"$group": {"_id": key, "n": {"$sum": 1}}}]
        counts: dict[Any, int] = {}
        for name in ITEMS:
            for group in self.db[name].aggregate(steps):
                counts[group["_id"]] = counts.get(group["_id"], 0) + group["n"]
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _says(row: Row, text: str) -> int:
    return says(title_of(row), text_of(row), text)

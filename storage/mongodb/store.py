"""Everything in MongoDB, for callers that wait: each call runs a coroutine of :class:`Items`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.item_filter import ANY
from storage.mongodb import pages, proposals, schema
from storage.mongodb.book import MongodbBook
from storage.mongodb.items import Items
from storage.store import Row, Store, StoreStats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from items import Item, Proposal
    from items.proposal import Status
    from storage.book import Book
    from storage.item_filter import ItemFilter, Page, Place
    from storage.mongodb.database import Document
    from storage.options import StoreOptions
    from storage.store import Change

PAGE = 500
"""Documents read at once by :meth:`MongodbItems.scan`."""


class MongodbItems(Store):
    """The blocking face of :class:`Items`."""

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        super().__init__(path, options)
        self.items = Items(self.options)
        self.mongo = self.items.mongo

    def open(self) -> None:
        self.mongo.run(schema.require(self.mongo.db))

    def close(self) -> None:
        self.mongo.close()

    def init(self) -> list[str]:
        days = self.options.raw_keep_days
        return self.mongo.run(schema.make(self.mongo.db, alone=True, raw_keep_days=days))

    def check(self) -> list[str]:
        return self.mongo.run(schema.problems(self.mongo.db, alone=True))

    def save(self, items: Sequence[Item]) -> None:
        self.mongo.run(self.items.save_items(items))

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        changed = self.mongo.run(self.items.update(changes))
        return [identity for identity in changes if identity in changed]

    def delete(self, identities: Sequence[str]) -> list[str]:
        return self.mongo.run(self.items.delete(identities))

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        return self.mongo.run(self.items.traces(identities))

    def rows(self, identities: Sequence[str]) -> list[Row]:
        return self.mongo.run(self.items.rows(identities))

    def raw(self, identity: str) -> bytes | None:
        return self.mongo.run(self.items.raw(identity))

    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        return self.mongo.run(self.items.search(text, limit, wanted))

    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        return self.mongo.run(pages.page(self.mongo.db, wanted, after, limit))

    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        number = after.number if after else 0
        return self.mongo.run(pages.comments(self.mongo.db, identity, number, limit))

    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        where: Document = {"item.classified_at": None} if unclassified else {}
        where |= {"item.kind": {"$in": list(kinds)}} if kinds else {}
        last = 0
        while page := self.mongo.run(self.items.after(last, where, PAGE)):
            yield from (document["item"] for document in page)
            last = page[-1]["number"]

    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        where = {"item.category": category} if category else {}
        return self.mongo.run(self.items.newest(where, limit))

    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        return self.mongo.run(self.items.stats(classified_kinds))

    def propose(self, new: Sequence[Proposal]) -> int:
        return self.mongo.run(proposals.propose(self.mongo.db, new))

    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        return self.mongo.run(proposals.listed(self.mongo.db, status))

    def decide(self, identity: str, status: Status) -> bool:
        return self.mongo.run(proposals.decide(self.mongo.db, identity, status))

    def book(self, name: str) -> Book:
        return MongodbBook(self.mongo, name)

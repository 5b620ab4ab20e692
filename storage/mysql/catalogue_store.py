"""What a store with its catalogue in MySQL does, wherever its documents are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gleanery.errors import StoreError
from items import load_taxonomy
from storage.book import TOMBSTONES, VISITS
from storage.item_filter import ANY, Page, Place
from storage.mysql import catalogue, deletion, migrate, proposals
from storage.mysql.book import MysqlBook, change, read
from storage.mysql.categories import fill_categories
from storage.mysql.database import Database, translated
from storage.mysql.filling import fill_next
from storage.mysql.labels import counted_labels
from storage.mysql.pages import comments_query, page_query, search_query
from storage.mysql.schema import books
from storage.store import Row, Store, StoreStats
from storage.tombstones import buried
from storage.visits import Policy, followed, observed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Executable, Select

    from items import Item, Proposal
    from items.proposal import Status
    from storage.book import Book
    from storage.bookkeeping import Version
    from storage.item_filter import ItemFilter
    from storage.labelled import ModelLabels
    from storage.options import StoreOptions


class CatalogueStore(Store):
    """Counts, sorts and searches in MySQL; :meth:`rows` says what the items are."""

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        super().__init__(path, options)
        self.database = Database(self.options)

    def versions(self, numbers: Mapping[int, str]) -> Mapping[str, Version]:
        """Return the items of some numbers and identities, by identity."""
        raise NotImplementedError

    def open(self) -> None:
        revision = self.database.transact(migrate.current)
        if revision != migrate.newest():
            raise StoreError(
                f"{self.database.where} has schema {revision}, this program needs"
                f" {migrate.newest()}: run `gleanery db migrate` (스키마를 맞추세요)"
                if revision
                else f"{self.database.where} has no tables of ours: run `gleanery db init`"
                " (먼저 초기화하세요)"
            )

    def close(self) -> None:
        self.database.close()

    def init(self) -> list[str]:
        migrate.upgrade(self.database)
        last: int | None = 0
        while last is not None:  # entries that the migration could not fill
            fill = partial(fill_next, last=last, find=self.versions, labels=True)
            last = self.database.transact(fill)
        self.database.transact(partial(fill_categories, taxonomy=load_taxonomy()))
        return [f"{self.database.where}: tables of schema {migrate.newest()}"]

    def check(self) -> list[str]:
        return self.database.transact(migrate.problems)

    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        with translated(self.database.where):
            query = search_query(text, wanted, limit)
        if query is None:
            return []
        found = self.database.transact(partial(_all, query=query))
        return self.rows([one.identity for one in sorted(found, key=lambda f: (-f.best, f.id))])

    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        with translated(self.database.where):
            query = page_query(wanted, after, limit + 1)
        return self._page(query, limit, lambda found: Place(found.instant, found.id))

    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        with translated(self.database.where):
            query = comments_query(identity, after.number if after else 0, limit + 1)
        return self._page(query, limit, lambda found: Place("", found.id))

    def _page(self, query: Select[Any], limit: int, place: Callable[[Any], Place]) -> Page:
        found = self.database.transact(partial(_all, query=query))
        identities: list[str] = [one.identity for one in found[:limit]]
        return Page(
            rows=self.rows(identities) if identities else [],
            next=place(found[limit - 1]) if len(found) > limit else None,
        )

    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        last = 0
        while True:
            query = catalogue.page_after(last, unclassified=unclassified, kinds=kinds)
            page = self.database.transact(partial(_all, query=query))
            if not page:
                return
            yield from self.rows([found.identity for found in page])
            last = page[-1].id

    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        query = catalogue.newest(limit, category)
        return self.rows(self.database.transact(lambda db: list(db.execute(query).scalars())))

    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        return self.database.transact(lambda db: catalogue.counted(db, classified_kinds))

    def model_labels(self) -> list[ModelLabels]:
        return self.database.transact(counted_labels)

    def propose(self, new: Sequence[Proposal]) -> int:
        return self.database.transact(lambda db: proposals.propose(db, new))

    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        return self.database.transact(lambda db: proposals.listed(db, status))

    def decide(self, identity: str, status: Status) -> bool:
        return self.database.transact(lambda db: proposals.decide(db, identity, status))

    def book(self, name: str) -> Book:
        return MysqlBook(self.database, name)

    def delete(self, identities: Sequence[str]) -> list[str]:
        def work(db: Connection) -> list[str]:
            proposals.forget(db, identities)
            return deletion.delete(db, identities)

        return self.database.transact(work)

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        found = self.database.transact(lambda db: deletion.traces(db, identities))
        return found | {"proposals": sum(p.forget(identities) for p in self.proposals())}

    def buried_in(self, db: Connection, items: Sequence[Item]) -> set[str]:
        """Return the identities of those items that were purged."""
        return buried(items, partial(read, db, books[TOMBSTONES]))

    def observe_in(self, db: Connection, items: Sequence[Item]) -> None:
        """Do what :meth:`observe` does, in the transaction that saves ``items``."""
        new, policy = followed(items), Policy.of(self.options)
        change(db, books[VISITS], [*new], lambda key, old: observed(old, new[key], policy))


def _all(db: Connection, query: Executable) -> Sequence[Any]:
    return db.execute(query).all()

"""The catalogue in MySQL, the documents in MongoDB: two servers, one store.

A batch goes into MongoDB first, then into MySQL. A crash between the two leaves documents that the
catalogue does not know yet, never the reverse; the crawl has not been told that the batch is stored
and saves it again, which enters it. What nobody saves again is found by comparing identities and
revisions, and is entered from the document, which holds all that the catalogue says. An entry is
overwritten only by one of the same or a later revision, so two crawls that race for an item leave
the catalogue at the document's last state, whichever writes last.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from storage.book import DOCUMENT_BOOKS, Book
from storage.mongodb import deletion, schema
from storage.mongodb.book import MongodbBook
from storage.mongodb.database import translated
from storage.mongodb.documents import Documents
from storage.mysql.catalogue import check_fits, enter
from storage.mysql.catalogue_store import CatalogueStore
from storage.reconciling import Reconciler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from items import Item
    from storage.bookkeeping import Version
    from storage.options import StoreOptions
    from storage.reconciled import Reconciled
    from storage.store import Change, Row


class CombinedItems(CatalogueStore):
    """Counts, sorts and searches in MySQL; documents, comments and pages are in MongoDB."""

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        super().__init__(path, options)
        self.documents = Documents(self.options, alone=False)

    def open(self) -> None:
        super().open()
        with translated():
            schema.require(self.documents.db)

    def close(self) -> None:
        super().close()
        self.documents.db.client.close()

    def init(self) -> list[str]:
        days = self.options.raw_keep_days
        with translated():
            made = schema.make(self.documents.db, alone=False, raw_keep_days=days)
        return [*super().init(), *made]

    def check(self) -> list[str]:
        with translated():
            found = schema.problems(self.documents.db, alone=False)
        return [*super().check(), *found]

    def reconcile(
        self,
        *,
        check: bool = False,
        remove_orphans: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reconciled:
        work = Reconciler(self.database, self.documents, check=check)
        return work.run(remove_orphans=remove_orphans, progress=progress)

    def save(self, items: Sequence[Item]) -> None:
        check_fits(items)
        gone = self.database.transact(lambda db: self.buried_in(db, items))
        items = [item for item in items if item.identity not in gone]
        versions = self.documents.save(items)

        def work(db: Connection) -> None:
            enter(db, versions)
            self.observe_in(db, items)

        self.database.transact(work)

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        changed = self.documents.update(changes)
        self.database.transact(partial(enter, versions=[*changed.values()]))
        return [identity for identity in changes if identity in changed]

    def delete(self, identities: Sequence[str]) -> list[str]:
        """Entries first: a kill in between leaves documents, which ``reconcile`` tells of."""
        entered = super().delete(identities)
        with translated():
            kept = deletion.delete(self.documents.db, identities)
        return [i for i in dict.fromkeys(identities) if i in {*entered, *kept}]

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        with translated():
            in_mongodb = deletion.traces(self.documents.db, identities)
        return dict(Counter(super().traces(identities)) + Counter(in_mongodb))

    def versions(self, numbers: Mapping[int, str]) -> Mapping[str, Version]:
        return self.documents.versions(numbers.values())

    def rows(self, identities: Sequence[str]) -> list[Row]:
        return self.documents.rows(identities)

    def raw(self, identity: str) -> bytes | None:
        return self.documents.raw(identity)

    def book(self, name: str) -> Book:
        if name in DOCUMENT_BOOKS:
            return MongodbBook(self.documents.db, name)
        return super().book(name)

"""The catalogue in MySQL, the documents in MongoDB: two servers, one store.

A batch is written into MongoDB and entered in MySQL side by side; MySQL's transaction is committed
only once the documents are in MongoDB's journal. A crash in between leaves documents that the
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
from storage.mongodb.batch import Batch, Draft
from storage.mongodb.book import MongodbBook
from storage.mongodb.database import translated
from storage.mongodb.documents import Documents, LostError
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
        self.mongo = self.documents.mongo

    def open(self) -> None:
        super().open()
        self.mongo.run(schema.require(self.mongo.db))

    def close(self) -> None:
        super().close()
        self.mongo.close()

    def init(self) -> list[str]:
        days = self.options.raw_keep_days
        made = self.mongo.run(schema.make(self.mongo.db, alone=False, raw_keep_days=days))
        return [*super().init(), *made]

    def check(self) -> list[str]:
        found = self.mongo.run(schema.problems(self.mongo.db, alone=False))
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
        with translated():
            batch = Batch.of(items)
        with self.mongo.beside(self.documents.look_up(batch)) as known:
            gone = self.database.transact(lambda db: self.buried_in(db, items))
        batch, items = batch.without(gone), [i for i in items if i.identity not in gone]
        draft = Draft.over(batch, known.get())
        try:
            with self.mongo.beside(self.documents.write(draft)) as written:
                self._enter([*draft.versions.values()], items, once=written.get)
        except LostError:  # of some, other writers have made another revision
            self._enter(self.mongo.run(self.documents.save(batch)), items)

    def _enter(
        self,
        versions: Sequence[Version],
        items: Sequence[Item],
        *,
        once: Callable[[], None] = lambda: None,
    ) -> None:
        """Describe and observe items; it is committed ``once`` the documents are written."""

        def work(db: Connection) -> None:
            enter(db, versions)
            self.observe_in(db, items)
            once()

        self.database.transact(work)

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        changed = self.mongo.run(self.documents.update(changes))
        self.database.transact(partial(enter, versions=[*changed.values()]))
        return [identity for identity in changes if identity in changed]

    def delete(self, identities: Sequence[str]) -> list[str]:
        """Entries first: a kill in between leaves documents, which ``reconcile`` tells of."""
        entered = super().delete(identities)
        kept = self.mongo.run(deletion.delete(self.mongo.db, identities))
        return [i for i in dict.fromkeys(identities) if i in {*entered, *kept}]

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        in_mongodb = self.mongo.run(deletion.traces(self.mongo.db, identities))
        return dict(Counter(super().traces(identities)) + Counter(in_mongodb))

    def versions(self, numbers: Mapping[int, str]) -> Mapping[str, Version]:
        return self.mongo.run(self.documents.versions(numbers.values()))

    def rows(self, identities: Sequence[str]) -> list[Row]:
        return self.mongo.run(self.documents.rows(identities))

    def raw(self, identity: str) -> bytes | None:
        return self.mongo.run(self.documents.raw(identity))

    def book(self, name: str) -> Book:
        if name in DOCUMENT_BOOKS:
            return MongodbBook(self.mongo, name)
        return super().book(name)

"""Compare a catalogue in MySQL with the documents in MongoDB, and mend the catalogue.

The document is the truth: it holds all that an entry says. Both are walked in pages and looked up
in the other server page by page, so memory does not grow with what is kept, and writers go on
meanwhile. First the entries, then the documents: what a crawl enters in between is met again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from storage.book import TOMBSTONES
from storage.mongodb import deletion
from storage.mongodb.schema import ITEMS
from storage.mysql import entries
from storage.mysql.book import MysqlBook
from storage.mysql.catalogue import enter
from storage.reconciled import Reconciled
from storage.tombstones import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from storage.mongodb.documents import Documents
    from storage.mysql.database import Database

PAGE = 1000
"""Identities and revisions compared at once."""
BATCH = 200
"""Documents read and entered at once."""


class Reconciler:
    """One comparison of the two; make another for the next."""

    def __init__(
        self, database: Database, documents: Documents, *, check: bool, page: int = PAGE
    ) -> None:
        """Prepare.

        Args:
            database: Holds the catalogue.
            documents: Hold the truth.
            check: Only count what would be mended.
            page: Identities compared at once.
        """
        self.database, self.documents, self.check, self.page = database, documents, check, page
        self.mongo = documents.mongo
        self.result = Reconciled()

    def run(self, *, remove_orphans: bool, progress: Callable[[int], None]) -> Reconciled:
        """Compare all, mend what can be.

        Args:
            remove_orphans: Whether entries without a document go.
            progress: Called after each page with entries and documents looked at so far.

        Raises:
            StoreError: A server is away; what was mended stays, and the next run finds the rest.
        """
        last = 0
        while page := self.database.transact(partial(entries.after, last=last, most=self.page)):
            self._entries({e.identity: e.revision for e in page}, remove_orphans=remove_orphans)
            last = page[-1].id
            progress(self.result.entries)
        for identities in self._pages():
            self._documents(identities)
            progress(self.result.entries + self.result.documents)
        return self.result

    def _pages(self) -> Iterator[list[str]]:
        """Yield every identity that MongoDB has, while others may be writing."""
        for name in ITEMS:
            last: str | None = None
            while page := self.mongo.run(self.documents.identities(name, last, self.page)):
                yield page
                last = page[-1]

    def _entries(self, seen: dict[str, int], *, remove_orphans: bool) -> None:
        revisions = self.mongo.run(self.documents.revisions(seen))
        orphans = {i: r for i, r in seen.items() if i not in revisions}
        other = {i: r for i, r in seen.items() if revisions.get(i, r) != r}
        self.result.entries += len(seen)
        self.result.orphans += len(orphans)
        self.result.rewritten += len(other)
        if self.check:
            return
        if orphans and remove_orphans:
            self.result.removed += self.database.transact(partial(entries.remove, seen=orphans))
        # Of a later revision than the document: MongoDB was set back, e.g. by an older backup.
        later = {i: r for i, r in other.items() if r > revisions[i]}
        if later:
            self.database.transact(partial(entries.reopen, seen=later))
        self._enter([*other])

    def _documents(self, identities: list[str]) -> None:
        missing = self.database.transact(partial(entries.unknown, identities=identities))
        purged = self._purged(missing)
        self.result.documents += len(identities)
        self.result.purged += len(purged)
        self.result.entered += len(missing) - len(purged)
        if not self.check:
            self._enter([identity for identity in missing if identity not in purged])
            self.mongo.run(deletion.delete(self.mongo.db, [*purged]))

    def _purged(self, identities: Sequence[str]) -> set[str]:
        """Return those of ``identities`` that a purge which was cut short has left here."""
        marks = {mark_of(identity): identity for identity in identities}
        found = MysqlBook(self.database, TOMBSTONES).get([*marks])
        return {marks[mark] for mark in found}

    def _enter(self, identities: Sequence[str]) -> None:
        for start in range(0, len(identities), BATCH):
            found = self.mongo.run(self.documents.versions(identities[start : start + BATCH]))
            self.database.transact(partial(enter, versions=[*found.values()]))

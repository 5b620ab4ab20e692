"""Documents, comments and pages: what items are, as opposed to how they are counted.

There are no transactions over documents: each has a revision, and is replaced only if that is still
the one that was read. A batch is looked through before anything of it is written, so that an item
that cannot be kept keeps it out whole; a batch that a dying server took half of is completed by
saving it again.
"""

from __future__ import annotations

import gzip
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, InsertOne, ReplaceOne, ReturnDocument
from pymongo.errors import BulkWriteError

from gleanery.errors import StoreUnavailableError, WriteRejectedError
from storage.bookkeeping import Version, folded, pages
from storage.described import described
from storage.merge import merged
from storage.mongodb.database import Document, connect, translated
from storage.mongodb.mending import Placed, mend
from storage.mongodb.paths import assumed_path, paths, unknown_parents
from storage.mongodb.schema import COMMENTS, COUNTERS, DOCUMENTS, ITEMS, PAGES
from storage.searched import text_of, title_of
from storage.words import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from items import Item
    from storage.options import StoreOptions
    from storage.store import Change, Row

T = TypeVar("T")
LARGEST = 16 * 2**20 - 16 * 2**10
"""Bytes of one document; MongoDB takes 16 MiB with what it adds."""
RETRIES = 20
"""Attempts at items that others change meanwhile."""
MOST_TERMS = 20_000
_DUPLICATE = 11000


class Documents:
    """The collections of one database."""

    def __init__(self, options: StoreOptions, *, alone: bool) -> None:
        """Prepare; nothing is connected yet.

        Args:
            options: Where.
            alone: Whether this is the whole store: then documents are numbered and searched, too.

        Raises:
            ConfigError: ``MONGODB_URL`` is missing or malformed.
        """
        self.db = connect(options)
        self.alone = alone

    def save(self, items: Sequence[Item]) -> list[Version]:
        """Upsert ``items``; return them as they now stand, the unchanged ones, too.

        Raises:
            StoreUnavailableError: Not all were saved; the same call may succeed later.
            WriteRejectedError: Nothing was saved.
        """
        rows, raw = folded(items), pages(items)
        with translated():
            encoded = _pages(raw)
            return self._repeat(lambda: self._save_once(rows, encoded))

    def update(self, changes: Mapping[str, Change]) -> dict[str, Version]:
        """Change items as they are now; return those that there are, as they now stand."""
        sent: dict[str, Version] = {}
        with translated():
            return self._repeat(lambda: self._update_once(changes, sent))

    def versions(self, identities: Iterable[str]) -> dict[str, Version]:
        """Return the items of ``identities`` that there are."""
        asked = list(identities)
        with translated():
            return self._versions(dict.fromkeys(ITEMS, asked))

    def revisions(self, identities: Iterable[str]) -> dict[str, int]:
        """Return the revisions of those of ``identities`` that there are."""
        wanted = {"_id": {"$in": list(identities)}}
        with translated():
            return {
                found["_id"]: found["revision"]
                for name in ITEMS
                for found in self.db[name].find(wanted, {"revision": 1})
            }

    def pages_of_identities(self, most: int) -> Iterator[list[str]]:
        """Yield every identity, up to ``most`` at once, while others may be writing."""
        for name in ITEMS:
            where: Document = {}
            while True:
                with translated():
                    found = self.db[name].find(where, {"_id": 1}).sort("_id", ASCENDING)
                    page = [document["_id"] for document in found.limit(most)]
                if not page:
                    break
                yield page
                where = {"_id": {"$gt": page[-1]}}

    def rows(self, identities: Sequence[str]) -> list[Row]:
        """Return the items of ``identities`` in their order; those that are gone are left out."""
        found = self.versions(identities)
        return [found[identity].row for identity in identities if identity in found]

    def raw(self, identity: str) -> bytes | None:
        """Return a page as fetched, or ``None``."""
        with translated():
            found = self.db[PAGES].find_one({"_id": identity})
        return gzip.decompress(found["body"]) if found else None

    def _repeat(self, once: Callable[[], T]) -> T:
        for attempt in range(RETRIES):
            try:
                return once()
            except _LostError:
                time.sleep(random.uniform(0, 0.005 * 2 ** min(attempt, 6)))  # noqa: S311
        raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")

    def _versions(self, asked: Mapping[str, list[str]]) -> dict[str, Version]:
        """Return items by the collections that are asked for them."""
        return {
            found["_id"]: Version(found["item"], found["revision"])
            for name, identities in asked.items()
            for found in self.db[name].find(
                {"_id": {"$in": identities}}, {"item": 1, "revision": 1}
            )
        }

    def _save_once(self, rows: dict[str, Row], raw: list[Any]) -> list[Version]:
        asked: dict[str, list[str]] = {}
        for identity, row in rows.items():  # a comment never becomes anything else
            asked.setdefault(_collection(row), []).append(identity)
        known = self._versions(asked)
        versions = {i: _laid_over(known.get(i), row) for i, row in rows.items()}
        changed = {i: v for i, v in versions.items() if v is not known.get(i)}
        self._write(changed, known, raw)
        return [*versions.values()]

    def _update_once(
        self, changes: Mapping[str, Change], sent: dict[str, Version]
    ) -> dict[str, Version]:
        """Change what is not as an earlier attempt has ``sent`` it."""
        known = self.versions(changes)
        # Of one item, a lost attempt has written nothing.
        written = {
            identity: version
            for identity, version in known.items()
            if len(changes) > 1 and identity in sent and version.row == sent[identity].row
        }
        new = {i: v.changed(changes[i]) for i, v in known.items() if i not in written}
        sent |= new
        self._write(new, known, [])
        return written | new

    def _write(
        self, changed: dict[str, Version], known: Mapping[str, Version], raw: list[Any]
    ) -> None:
        extra = self._extra(changed, known)
        operations = _operations(changed, known, extra)  # encodes all: nothing is written before
        if raw:
            self.db[PAGES].bulk_write(raw, ordered=False)
        for name, several in operations.items():
            self._bulk(name, several)
        written = [
            Placed(identity, _answered(changed[identity].row), more["path"])
            for identity, more in extra.items()
            if "path" in more
        ]
        if written:
            new = [placed for placed in written if placed.identity not in known]
            assumed = {p.identity: assumed_path(changed[p.identity].row) for p in new}
            mend(self.db, written, {assumed[p.identity] for p in new} - {p.path for p in new})

    def _bulk(self, name: str, operations: list[Any]) -> None:
        expected = sum(isinstance(o, ReplaceOne) for o in operations)
        try:
            result = self.db[name].bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            failed = error.details.get("writeErrors", [])
            if failed and all(f["code"] == _DUPLICATE for f in failed):
                raise _LostError from error
            raise
        if result.matched_count < expected:
            raise _LostError

    def _extra(
        self, changed: dict[str, Version], known: Mapping[str, Version]
    ) -> dict[str, Document]:
        """Return what documents have besides the item: path, number and terms."""
        extra: dict[str, Document] = {identity: {} for identity in changed}
        comments = {i: v.row for i, v in changed.items() if _collection(v.row) == COMMENTS}
        for identity, path in paths(comments, self._known_paths(comments)).items():
            extra[identity]["path"] = path
        if self.alone:
            for identity, number in self._numbers(changed, known).items():
                row = changed[identity].row
                said = f"{title_of(row)}\n{text_of(row)}"
                extra[identity] |= {
                    "number": number,
                    "quality": described(row)["quality"],
                    "terms": sorted(terms(said))[:MOST_TERMS],
                }
        return extra

    def _known_paths(self, comments: dict[str, Row]) -> dict[str, str]:
        if not (parents := unknown_parents(comments)):
            return {}
        found = self.db[COMMENTS].find({"_id": {"$in": parents}}, {"path": 1})
        return {row["_id"]: row["path"] for row in found}

    def _numbers(self, changed: dict[str, Version], known: Mapping[str, Version]) -> dict[str, int]:
        """Return places in the order of first saving; new items get the next ones."""
        old = [identity for identity in changed if identity in known]
        new = [identity for identity in changed if identity not in known]
        numbers = {
            found["_id"]: found["number"]
            for name in ITEMS
            if old
            for found in self.db[name].find({"_id": {"$in": old}}, {"number": 1})
        }
        if new:
            counter = self.db[COUNTERS].find_one_and_update(
                {"_id": "items"},
                {"$inc": {"last": len(new)}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
            last = counter["last"] if counter else 0  # never none: upsert, and the state after it
            numbers |= {i: last - n for n, i in enumerate(reversed(new))}
        return numbers


class _LostError(Exception):
    """Somebody else came first: the same may succeed when it is repeated."""


def _operations(
    changed: dict[str, Version], known: Mapping[str, Version], extra: dict[str, Document]
) -> dict[str, list[Any]]:
    operations: dict[str, list[Any]] = {}
    for identity, (row, revision) in changed.items():
        document = {"_id": identity, "revision": revision, **extra[identity], "item": row}
        encoded = _encoded(document)
        operations.setdefault(_collection(row), []).append(
            ReplaceOne({"_id": identity, "revision": known[identity].revision}, encoded)
            if identity in known
            else InsertOne(encoded)
        )
    return operations


def _laid_over(known: Version | None, row: Row) -> Version:
    if known is None:
        return Version(row, 1)
    new = merged(known.row, row)
    return known if new == known.row else Version(new, known.revision + 1)


def _answered(row: Row) -> str | None:
    """Return the comment that a comment answers; ``None`` if it answers the root."""
    parent: str | None = row["parent"]
    return parent if parent != row.get("root") else None


def _collection(row: Row) -> str:
    return COMMENTS if row["kind"] == "comment" else DOCUMENTS


def _encoded(document: Document) -> RawBSONDocument:
    encoded = bson.encode(document)
    if len(encoded) > LARGEST:
        raise WriteRejectedError(f"MongoDB: a document of {len(encoded)} bytes, more than 16 MiB")
    return RawBSONDocument(encoded)


def _pages(raw: Mapping[str, bytes]) -> list[Any]:
    now = datetime.now(UTC)
    return [
        ReplaceOne(
            {"_id": identity},
            _encoded({"_id": identity, "body": body, "stored_at": now}),
            upsert=True,
        )
        for identity, body in raw.items()
    ]

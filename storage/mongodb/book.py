"""Records beside items, in MongoDB: each has a revision, and is replaced only at the one read."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.errors import BulkWriteError

from gleanery.errors import StoreUnavailableError
from storage.book import Book, Record
from storage.mongodb.database import Document, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pymongo.database import Database

RETRIES = 20
_DUPLICATE = 11000


class MongodbBook(Book):
    """One collection."""

    def __init__(self, db: Database[Document], name: str) -> None:
        """Prepare for the collection ``name``, one of ``storage.book.BOOKS``."""
        self.records = db[name]

    def get(self, keys: Sequence[str]) -> dict[str, Record]:
        with translated():
            return {key: found["record"] for key, found in self._found(keys).items()}

    def change(
        self, keys: Sequence[str], change_one: Callable[[str, Record | None], Record | None]
    ) -> None:
        left = list(keys)
        for attempt in range(RETRIES):
            with translated():
                left = self._change_once(left, change_one)
            if not left:
                return
            time.sleep(random.uniform(0, 0.005 * 2 ** min(attempt, 6)))  # noqa: S311
        raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")

    def listed(
        self, *, group: str | None = None, until: str | None = None, limit: int = 100,
        newest: bool = False,
    ) -> list[Record]:  # fmt: skip
        where: Document = {"at": {"$ne": None} if until is None else {"$ne": None, "$lte": until}}
        where |= {} if group is None else {"group": group}
        order = [("at", DESCENDING if newest else ASCENDING)]  # no more: the index has no more
        with translated():
            return [found["record"] for found in self.records.find(where).sort(order).limit(limit)]

    def scan(self) -> Iterator[Record]:
        last = ""
        while True:
            with translated():
                where = {"_id": {"$gt": last}}
                page = list(self.records.find(where).sort("_id", ASCENDING).limit(500))
            if not page:
                return
            yield from (found["record"] for found in page)
            last = page[-1]["_id"]

    def delete(self, keys: Sequence[str]) -> int:
        with translated():
            return self.records.delete_many({"_id": {"$in": list(keys)}}).deleted_count

    def _found(self, keys: Sequence[str]) -> dict[str, Document]:
        return {found["_id"]: found for found in self.records.find({"_id": {"$in": list(keys)}})}

    def _change_once(
        self, keys: list[str], change_one: Callable[[str, Record | None], Record | None]
    ) -> list[str]:
        """Return the keys that somebody else changed meanwhile; they are to be tried again."""
        known = self._found(keys)
        written: list[str] = []
        operations: list[Any] = []
        for key in keys:
            old = known.get(key, {"revision": 0, "record": None})
            if (record := change_one(key, old["record"])) is None:
                continue
            document = {
                "_id": key, "revision": old["revision"] + 1, "group": record["group"],
                "at": record["at"], "record": record,
            }  # fmt: skip
            # Of another revision by now: the upsert inserts, and the key is a duplicate.
            before = {"_id": key, "revision": old["revision"]}
            operations.append(ReplaceOne(before, document, upsert=True))
            written.append(key)
        try:
            if operations:
                self.records.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            failed = error.details.get("writeErrors", [])
            if not failed or any(f["code"] != _DUPLICATE for f in failed):
                raise
            return [written[f["index"]] for f in failed]
        return []

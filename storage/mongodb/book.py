"""Records beside items, in MongoDB: each has a revision, and is replaced only at the one read."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.errors import BulkWriteError

from gleanery.errors import StoreUnavailableError
from storage.book import Book, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pymongo.asynchronous.collection import AsyncCollection

    from storage.mongodb.database import Document, Mongodb

    ChangeOne = Callable[[str, Record | None], Record | None]

RETRIES = 20
PAGE = 500
"""Records read at once by :meth:`MongodbBook.scan`."""
_DUPLICATE = 11000


class Records:
    """One collection; its coroutines are for :meth:`Mongodb.run`."""

    def __init__(self, mongo: Mongodb, name: str) -> None:
        """Prepare for the collection ``name``, one of ``storage.book.BOOKS``."""
        self.mongo, self.name = mongo, name

    @property
    def _records(self) -> AsyncCollection[Document]:
        return self.mongo.db[self.name]

    async def get(self, keys: Sequence[str]) -> dict[str, Record]:
        """Do what :meth:`Book.get` does, and so on."""
        return {key: found["record"] for key, found in (await self._found(keys)).items()}

    async def change(self, keys: Sequence[str], change_one: ChangeOne) -> None:
        left = list(keys)
        for attempt in range(RETRIES):
            left = await self._change_once(left, change_one)
            if not left:
                return
            await asyncio.sleep(random.uniform(0, 0.005 * 2 ** min(attempt, 6)))  # noqa: S311
        raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")

    async def listed(
        self, *, group: str | None, until: str | None, limit: int, newest: bool
    ) -> list[Record]:
        where: Document = {"at": {"$ne": None} if until is None else {"$ne": None, "$lte": until}}
        where |= {} if group is None else {"group": group}
        order = [("at", DESCENDING if newest else ASCENDING)]  # no more: the index has no more
        return [
            found["record"] async for found in self._records.find(where).sort(order).limit(limit)
        ]

    async def after(self, last: str, most: int) -> list[Document]:
        """Return the next ``most`` in order of their keys."""
        found = self._records.find({"_id": {"$gt": last}}).sort("_id", ASCENDING)
        return await found.limit(most).to_list()

    async def delete(self, keys: Sequence[str]) -> int:
        return (await self._records.delete_many({"_id": {"$in": list(keys)}})).deleted_count

    async def _found(self, keys: Sequence[str]) -> dict[str, Document]:
        these = self._records.find({"_id": {"$in": list(keys)}})
        return {found["_id"]: found async for found in these}

    async def _change_once(self, keys: list[str], change_one: ChangeOne) -> list[str]:
        """Return the keys that somebody else changed meanwhile; they are to be tried again."""
        known = await self._found(keys)
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
                await self._records.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            failed = error.details.get("writeErrors", [])
            if not failed or any(f["code"] != _DUPLICATE for f in failed):
                raise
            return [written[f["index"]] for f in failed]
        return []


class MongodbBook(Book):
    """One collection, for callers that wait."""

    def __init__(self, mongo: Mongodb, name: str) -> None:
        """Prepare for the collection ``name``, one of ``storage.book.BOOKS``."""
        self.mongo, self.records = mongo, Records(mongo, name)

    def get(self, keys: Sequence[str]) -> dict[str, Record]:
        return self.mongo.run(self.records.get(keys))

    def change(self, keys: Sequence[str], change_one: ChangeOne) -> None:
        self.mongo.run(self.records.change(keys, change_one))

    def listed(
        self, *, group: str | None = None, until: str | None = None, limit: int = 100,
        newest: bool = False,
    ) -> list[Record]:  # fmt: skip
        found = self.records.listed(group=group, until=until, limit=limit, newest=newest)
        return self.mongo.run(found)

    def scan(self) -> Iterator[Record]:
        last = ""
        while page := self.mongo.run(self.records.after(last, PAGE)):
            yield from (found["record"] for found in page)
            last = page[-1]["_id"]

    def delete(self, keys: Sequence[str]) -> int:
        return self.mongo.run(self.records.delete(keys))

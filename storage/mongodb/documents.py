"""Documents, comments and pages: what items are, as opposed to how they are counted.

There are no transactions over documents: each has a revision, and is replaced only if that is still
the one that was read. A batch is looked through before anything of it is written, so that an item
that cannot be kept keeps it out whole; a batch that a dying server took half of is completed by
saving it again. What does not depend on one another is asked, and written, at once.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import ASCENDING, ReplaceOne, ReturnDocument
from pymongo.errors import BulkWriteError

from gleanery.errors import StoreUnavailableError
from storage.bookkeeping import Version
from storage.described import described
from storage.mongodb.batch import Batch, Draft, Known, collection_of
from storage.mongodb.database import Document, Mongodb
from storage.mongodb.loop import together
from storage.mongodb.mending import mend
from storage.mongodb.paths import unknown_parents
from storage.mongodb.schema import COMMENTS, COUNTERS, ITEMS, PAGES
from storage.searched import text_of, title_of
from storage.words import terms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from storage.options import StoreOptions
    from storage.store import Change, Row

T = TypeVar("T")
RETRIES = 20
"""Attempts at items that others change meanwhile."""
MOST_TERMS = 20_000
_DUPLICATE = 11000
_SEEN = {"item": 1, "revision": 1, "path": 1, "number": 1}


class LostError(Exception):
    """Somebody else came first: the same may succeed when it is repeated."""


class Documents:
    """The collections of one database; its coroutines are for :meth:`Mongodb.run`."""

    def __init__(self, options: StoreOptions, *, alone: bool) -> None:
        """Prepare; nothing is connected yet.

        Args:
            options: Where.
            alone: Whether this is the whole store: then documents are numbered and searched, too.

        Raises:
            ConfigError: ``MONGODB_URL`` is missing or malformed.
        """
        self.mongo = Mongodb(options)
        self.alone = alone

    @property
    def db(self) -> AsyncDatabase[Document]:
        """Where they are."""
        return self.mongo.db

    async def save(self, batch: Batch) -> list[Version]:
        """Upsert a batch; return its items as they now stand, the unchanged ones, too.

        Raises:
            StoreUnavailableError: Not all were saved; the same call may succeed later.
            WriteRejectedError: Nothing was saved.
        """

        async def once() -> list[Version]:
            draft = Draft.over(batch, await self.look_up(batch))
            await self.write(draft)
            return [*draft.versions.values()]

        return await _repeated(once)

    async def look_up(self, batch: Batch) -> Known:
        """Return what is known of a batch's items, and of what they answer."""
        asked: dict[str, list[str]] = {}
        comments: dict[str, Row] = {}
        for identity, row in batch.rows.items():
            name = collection_of(row)
            asked.setdefault(name, []).append(identity)
            if name == COMMENTS:
                comments[identity] = row
        known, above = await asyncio.gather(self._known(asked), self._paths_above(comments))
        known.paths |= above
        return known

    async def write(self, draft: Draft) -> None:
        """Write what changed, and pages; encodes all of it before.

        Raises:
            LostError: Others changed some of it meanwhile; nothing else is missing.
        """
        changed, stands = draft.changed, draft.paths()
        extra: dict[str, Document] = {i: {} for i in changed}
        extra |= {identity: {"path": path} for identity, path in stands.items()}
        if self.alone:
            numbers = await self._numbers(draft)
            for identity, (row, _) in changed.items():
                extra[identity] |= {"number": numbers[identity], **_searched(row)}
        operations = draft.operations(extra)
        pages = [*draft.pages.values()]
        await together(
            *(self._bulk(name, several) for name, several in operations.items()),
            *([self._bulk(PAGES, pages, upserts=True)] if pages else []),
        )
        if stands:
            await mend(self.db, *draft.placed(stands))

    async def update(self, changes: Mapping[str, Change]) -> dict[str, Version]:
        """Change items as they are now; return those that there are, as they now stand."""
        sent: dict[str, Version] = {}
        return await _repeated(lambda: self._update_once(changes, sent))

    async def versions(self, identities: Iterable[str]) -> dict[str, Version]:
        """Return the items of ``identities`` that there are."""
        return (await self._known({name: [*identities] for name in ITEMS})).versions

    async def revisions(self, identities: Iterable[str]) -> dict[str, int]:
        """Return the revisions of those of ``identities`` that there are."""
        wanted = {"_id": {"$in": list(identities)}}
        each = await asyncio.gather(
            *(self.db[name].find(wanted, {"revision": 1}).to_list() for name in ITEMS)
        )
        return {found["_id"]: found["revision"] for page in each for found in page}

    async def identities(self, name: str, after: str | None, most: int) -> list[str]:
        """Return the next ``most`` identities of a collection, in their order."""
        where: Document = {} if after is None else {"_id": {"$gt": after}}
        found = self.db[name].find(where, {"_id": 1}).sort("_id", ASCENDING).limit(most)
        return [document["_id"] async for document in found]

    async def rows(self, identities: Sequence[str]) -> list[Row]:
        """Return the items of ``identities`` in their order; those that are gone are left out."""
        found = await self.versions(identities)
        return [found[identity].row for identity in identities if identity in found]

    async def raw(self, identity: str) -> bytes | None:
        """Return a page as fetched, or ``None``."""
        found = await self.db[PAGES].find_one({"_id": identity})
        return gzip.decompress(found["body"]) if found else None

    async def _known(self, asked: Mapping[str, list[str]]) -> Known:
        """Return items by the collections that are asked for them."""
        each = await asyncio.gather(
            *(
                self.db[n].find({"_id": {"$in": these}}, _SEEN).to_list()
                for n, these in asked.items()
            )
        )
        known = Known()
        for found in (found for page in each for found in page):
            identity = found["_id"]
            known.versions[identity] = Version(found["item"], found["revision"])
            known.paths |= {identity: found["path"]} if "path" in found else {}
            known.numbers |= {identity: found["number"]} if "number" in found else {}
        return known

    async def _paths_above(self, comments: dict[str, Row]) -> dict[str, str]:
        """Return the paths of those that some comments answer and that are not among them."""
        if not (parents := unknown_parents(comments)):
            return {}
        found = self.db[COMMENTS].find({"_id": {"$in": parents}}, {"path": 1})
        return {row["_id"]: row["path"] async for row in found}

    async def _update_once(
        self, changes: Mapping[str, Change], sent: dict[str, Version]
    ) -> dict[str, Version]:
        """Change what is not as an earlier attempt has ``sent`` it."""
        known = await self._known({name: [*changes] for name in ITEMS})
        # Of one item, a lost attempt has written nothing.
        written = {
            identity: version
            for identity, version in known.versions.items()
            if len(changes) > 1 and identity in sent and version.row == sent[identity].row
        }
        new = {i: v.changed(changes[i]) for i, v in known.versions.items() if i not in written}
        sent |= new
        comments = {i: v.row for i, v in new.items() if collection_of(v.row) == COMMENTS}
        known.paths |= await self._paths_above(comments)
        await self.write(Draft(new, known))
        return written | new

    async def _bulk(self, name: str, operations: list[Any], *, upserts: bool = False) -> None:
        expected = 0 if upserts else sum(isinstance(o, ReplaceOne) for o in operations)
        try:
            result = await self.db[name].bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            failed = error.details.get("writeErrors", [])
            if failed and all(f["code"] == _DUPLICATE for f in failed):
                raise LostError from error
            raise
        if result.matched_count < expected:
            raise LostError

    async def _numbers(self, draft: Draft) -> dict[str, int]:
        """Return places in the order of first saving; new items get the next ones."""
        known = draft.known.numbers
        new = [identity for identity in draft.changed if identity not in known]
        if not new:
            return known
        counter = await self.db[COUNTERS].find_one_and_update(
            {"_id": "items"},
            {"$inc": {"last": len(new)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        last = counter["last"] if counter else 0  # never none: upsert, and the state after it
        return known | {i: last - n for n, i in enumerate(reversed(new))}


async def _repeated(once: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(RETRIES):
        try:
            return await once()
        except LostError:
            await asyncio.sleep(random.uniform(0, 0.005 * 2 ** min(attempt, 6)))  # noqa: S311
    raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")


def _searched(row: Row) -> Document:
    said = f"{title_of(row)}\n{text_of(row)}"
    return {"quality": described(row)["quality"], "terms": sorted(terms(said))[:MOST_TERMS]}

"""Collections, their validators and their indexes; ``gleanery db init`` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from gleanery.errors import StoreError
from items.annotation import QUALITY
from storage.book import BOOKS
from storage.described import described

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

    from storage.mongodb.database import Document

VERSION = 6
DOCUMENTS, COMMENTS = "documents", "comments"
ITEMS = (DOCUMENTS, COMMENTS)
"""Where items are: a comment is one document of its own, since a document ends at 16 MiB."""
PAGES, PROPOSALS, COUNTERS, META = "raw_pages", "proposals", "counters", "meta"
DAY = 24 * 3600
_TTL = "stored_at"

_TEXT = {"bsonType": "string"}
_NUMBER = {"bsonType": ["int", "long"]}
_ITEM = {
    "bsonType": "object",
    "required": ["revision", "item"],
    "properties": {
        "revision": _NUMBER,
        "item": {
            "bsonType": "object",
            "required": ["identity", "platform", "kind", "depth", "fetched_at"],
            "properties": {
                "identity": _TEXT,
                "platform": _TEXT,
                "kind": _TEXT,
                "depth": _NUMBER,
                "fetched_at": _TEXT,
            },
        },
    },
}
_RECORD: dict[str, Any] = {
    "bsonType": "object",
    "required": ["revision", "group", "at", "record"],
    "properties": {
        "revision": _NUMBER,
        "group": _TEXT,
        "at": {"bsonType": ["string", "null"]},
        "record": {"bsonType": "object"},
    },
}
_VALIDATORS: dict[str, dict[str, Any]] = {
    DOCUMENTS: _ITEM,
    COMMENTS: _ITEM | {"required": ["revision", "item", "path"]},
    PAGES: {"bsonType": "object", "required": ["body", _TTL]},
    PROPOSALS: {"bsonType": "object", "required": ["revision", "proposal"]},
    **dict.fromkeys(BOOKS, _RECORD),
}
COLLECTIONS = (*_VALIDATORS, COUNTERS, META)
"""All that there are."""
_BOOK = [
    IndexModel([("at", ASCENDING)], name="at"),
    IndexModel([("group", ASCENDING), ("at", ASCENDING)], name="group"),
]
_ALONE = [
    IndexModel([("number", ASCENDING)], name="number"),
    IndexModel([("item.fetched_at", DESCENDING), ("number", DESCENDING)], name="fetched_at"),
    IndexModel(
        [("item.category", ASCENDING), ("item.fetched_at", DESCENDING), ("number", DESCENDING)],
        name="category",
    ),
    IndexModel([("item.classified_at", ASCENDING), ("number", ASCENDING)], name="classified_at"),
    IndexModel([("terms", ASCENDING)], name="terms"),
    *(
        IndexModel(
            [(f"item.{field}", ASCENDING), (f"item.{order}", DESCENDING), ("number", DESCENDING)],
            name=name,
        )
        for name, field, order in (
            ("platform", "platform", "fetched_at"),
            ("subcategory", "subcategory", "fetched_at"),
            ("needs_review", "needs_review", "fetched_at"),
            ("kind", "kind", "fetched_at"),
            ("language", "language", "fetched_at"),
            ("author", "author", "fetched_at"),
            ("author_published", "author", "published_at"),
            ("category_published", "category", "published_at"),
        )
    ),
    IndexModel([("item.published_at", DESCENDING), ("number", DESCENDING)], name="published_at"),
]
"""What only a store without a catalogue in MySQL is asked for."""
_PATH = IndexModel([("path", ASCENDING)], name="path")
_ROOT = IndexModel([("item.root", ASCENDING), ("number", ASCENDING)], name="root")


async def make(db: AsyncDatabase[Document], *, alone: bool, raw_keep_days: float) -> list[str]:
    """Make or change collections, validators and indexes; a second call changes nothing.

    Args:
        db: Where.
        alone: Whether there is no catalogue in MySQL.
        raw_keep_days: Days after which a page as fetched goes; 0 = never.

    Returns:
        What there is now, one line each.
    """
    there = set(await db.list_collection_names())
    for name, schema in _VALIDATORS.items():
        rule = {"$jsonSchema": schema}
        if name in there:
            await db.command("collMod", name, validator=rule)
        else:
            await db.create_collection(name, validator=rule)
    for name in ITEMS:
        if alone:
            await db[name].create_indexes(_ALONE)
            await _fill(db[name])
    await db[COMMENTS].create_indexes([_PATH, *([_ROOT] if alone else [])])
    if (
        "parent" in await db[COMMENTS].index_information()
    ):  # of version 6: paths say who answers whom
        await db[COMMENTS].drop_index("parent")
    for name in BOOKS:
        await db[name].create_indexes(_BOOK)
    await _expire(db, raw_keep_days)
    await db[META].replace_one(
        {"_id": "schema"}, {"_id": "schema", "version": VERSION}, upsert=True
    )
    return [
        f"MongoDB {db.name}.{name}: {', '.join(sorted(await db[name].index_information()))}"
        for name in _VALIDATORS
    ]


async def _fill(items: AsyncCollection[Document]) -> None:
    """Write what an earlier program did not keep beside the item; a changed one has it already."""
    async for found in items.find(
        {"item.annotations.tool": QUALITY, "quality": {"$exists": False}}
    ):
        known = {"_id": found["_id"], "revision": found["revision"]}
        await items.update_one(known, {"$set": {"quality": described(found["item"])["quality"]}})


async def _expire(db: AsyncDatabase[Document], raw_keep_days: float) -> None:
    """Let pages go after so many days; an index of another length is made anew."""
    pages = db[PAGES]
    wanted = int(raw_keep_days * DAY)
    found = (await pages.index_information()).get(_TTL)
    if found and found.get("expireAfterSeconds") != wanted:
        await pages.drop_index(_TTL)
    if wanted:
        await pages.create_index(_TTL, name=_TTL, expireAfterSeconds=wanted)


async def require(db: AsyncDatabase[Document]) -> None:
    """Make sure that :func:`make` was here.

    Raises:
        StoreError: It was not, or that of another version.
    """
    found = await db[META].find_one({"_id": "schema"})
    if found is None:
        raise StoreError(
            f"MongoDB {db.name} has no collections of ours: run `gleanery db init`"
            " (먼저 초기화하세요)"
        )
    if found["version"] != VERSION:
        raise StoreError(
            f"MongoDB {db.name} has schema {found['version']}, this program needs {VERSION}:"
            " run `gleanery db init` (다시 초기화하세요)"
        )


async def problems(db: AsyncDatabase[Document], *, alone: bool) -> list[str]:
    """Return what an operator should mend, one line each."""
    found = []
    wanted = {i.document["name"] for i in _ALONE} if alone else set()
    of_comments = {"path"} | ({"root"} if alone else set())
    needed = {DOCUMENTS: wanted, COMMENTS: wanted | of_comments}
    for name, indexes in (needed | {name: {"at", "group"} for name in BOOKS}).items():
        if missing := indexes - set(await db[name].index_information()):
            found.append(f"MongoDB {db.name}.{name} lacks the index {', '.join(sorted(missing))}")
    for name in _VALIDATORS:
        options = await db[name].options()
        if "validator" not in options:
            found.append(f"MongoDB {db.name}.{name} has no validator")
    return found

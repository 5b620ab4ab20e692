"""MongoDB, in the files of ``mongodump --gzip``: ``mongorestore --gzip --dir`` reads them, too.

Collection by collection: what is written meanwhile may be in one and not yet in another, which
``gleanery db reconcile`` mends, and every write of ours may be repeated.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from gleanery.errors import StoreError
from storage.mongodb.database import connect, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pymongo.collection import Collection
    from pymongo.database import Database

    from storage.options import StoreOptions

FOLDER = "mongodb"
BATCH = 500
"""Documents sent at once."""
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def write(folder: Path, options: StoreOptions) -> dict[str, int]:
    """Dump every collection into ``folder``; return how many documents each has.

    Raises:
        StoreError: The server is away or refused us.
        ConfigError: No database is set.
    """
    place = folder / FOLDER
    place.mkdir()
    database = connect(options)
    with database.client, translated():
        facts = sorted(database.list_collections(), key=lambda c: str(c["name"]))
        ours = [c for c in facts if not c["name"].startswith("system.")]
        return {c["name"]: _dump(database, c, place) for c in ours if c["type"] == "collection"}


def _dump(database: Database[dict[str, Any]], facts: Mapping[str, Any], place: Path) -> int:
    name, number = facts["name"], 0
    found = cast("Collection[RawBSONDocument]", database.get_collection(name, codec_options=_RAW))
    indexes = [dict(index) for index in database[name].list_indexes()]
    about = {"options": facts.get("options", {}), "indexes": indexes, "collectionName": name}
    about["type"] = "collection"
    with gzip.open(place / f"{name}.metadata.json.gz", "wt", encoding="utf-8") as file:
        file.write(json_util.dumps(about, json_options=json_util.CANONICAL_JSON_OPTIONS))
    with gzip.open(place / f"{name}.bson.gz", "wb", compresslevel=6) as out:
        for document in found.find():
            out.write(document.raw)
            number += 1
    return number


def restore(folder: Path, options: StoreOptions, *, replace: bool) -> None:
    """Bring every collection back, with its validator and its indexes.

    Args:
        folder: Of the backup.
        options: Where.
        replace: Whether collections that are there may be dropped first.

    Raises:
        StoreError: The database is not empty and ``replace`` is not given, or it failed.
    """
    database = connect(options)
    with database.client, translated():
        there = [n for n in database.list_collection_names() if not n.startswith("system.")]
        if there and not replace:
            raise StoreError(
                f"MongoDB holds {len(there)} collections already; --replace drops them"
                " (비어 있지 않습니다)"
            )
        for name in there:
            database.drop_collection(name)
        for path in sorted((folder / FOLDER).glob("*.bson.gz")):
            _load(database, path)


def _load(database: Database[dict[str, Any]], path: Path) -> None:
    name = path.name.removesuffix(".bson.gz")
    with gzip.open(path.with_name(f"{name}.metadata.json.gz"), "rt", encoding="utf-8") as file:
        about = json_util.loads(file.read())
    database.create_collection(name, **about["options"])
    for batch in _batches(path):
        database[name].insert_many(batch, ordered=True)
    indexes = [_plain(index) for index in about["indexes"] if index["name"] != "_id_"]
    if indexes:
        database.command("createIndexes", name, indexes=indexes)


def _plain(index: dict[str, Any]) -> dict[str, Any]:
    """Return an index without what only says where it was."""
    return {key: value for key, value in index.items() if key not in ("v", "ns")}


def _batches(path: Path) -> Iterator[list[Any]]:
    batch: list[Any] = []
    with gzip.open(path, "rb") as file:
        for document in decode_file_iter(cast("BinaryIO", file), codec_options=_RAW):
            batch.append(document)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch

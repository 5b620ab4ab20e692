"""What a batch of items comes to in MongoDB: all that is worked out before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne

from gleanery.errors import WriteRejectedError
from storage.bookkeeping import Version, folded, pages
from storage.merge import merged
from storage.mongodb.mending import Placed
from storage.mongodb.paths import assumed_path, paths
from storage.mongodb.schema import COMMENTS, DOCUMENTS
from storage.tombstones import without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from items import Item
    from storage.mongodb.database import Document
    from storage.store import Row

LARGEST = 16 * 2**20 - 16 * 2**10
"""Bytes of one document; MongoDB takes 16 MiB with what it adds."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items to be saved, one row for each identity, and their pages as fetched."""

    rows: dict[str, Row]
    pages: dict[str, Any]
    """What writes a page, by identity."""

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """Fold copies of an item; see :func:`storage.bookkeeping.folded`.

        Raises:
            WriteRejectedError: A page is too large.
        """
        return cls(folded(items), _pages(pages(items)))

    def without(self, gone: set[str]) -> Batch:
        """Return it without the items of those identities."""
        return Batch(without(self.rows, gone), without(self.pages, gone)) if gone else self


@dataclass(slots=True)
class Known:
    """What was found of some items, and of the comments that they answer."""

    versions: dict[str, Version] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    """Of comments, by identity."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Places in the order of first saving, where documents are numbered."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Items as they are to stand."""

    versions: dict[str, Version]
    """The unchanged ones, too."""
    known: Known
    pages: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def over(cls, batch: Batch, known: Known) -> Self:
        """Lay a batch over what is known."""
        versions = {
            identity: _laid_over(known.versions.get(identity), row)
            for identity, row in batch.rows.items()
        }
        return cls(versions, known, batch.pages)

    @property
    def changed(self) -> dict[str, Version]:
        """Those that are to be written."""
        before = self.known.versions
        return {i: v for i, v in self.versions.items() if v is not before.get(i)}

    def paths(self) -> dict[str, str]:
        """Return where the changed comments stand."""
        rows = {i: v.row for i, v in self.changed.items() if collection_of(v.row) == COMMENTS}
        above = {i: path for i, path in self.known.paths.items() if i not in rows}
        return paths(rows, above)

    def operations(self, extra: Mapping[str, Document]) -> dict[str, list[Any]]:
        """Return what writes the changed ones, by collection.

        Args:
            extra: What documents have besides the item, by identity.

        Raises:
            WriteRejectedError: One of them cannot be kept.
        """
        found: dict[str, list[Any]] = {}
        for identity, (row, revision) in self.changed.items():
            document = {"_id": identity, "revision": revision, **extra[identity], "item": row}
            encoded, known = _encoded(document), self.known.versions.get(identity)
            found.setdefault(collection_of(row), []).append(
                ReplaceOne({"_id": identity, "revision": known.revision}, encoded)
                if known
                else InsertOne(encoded)
            )
        return found

    def placed(self, found: Mapping[str, str]) -> tuple[list[Placed], set[str]]:
        """Return the comments that stand at some paths, as ``mending.mend`` takes them."""
        rows = {identity: self.versions[identity].row for identity in found}
        written = [Placed(i, _answered(row), found[i]) for i, row in rows.items()]
        new = [placed for placed in written if placed.identity not in self.known.versions]
        assumed = {assumed_path(rows[placed.identity]) for placed in new}
        return written, assumed - {placed.path for placed in new}


def collection_of(row: Row) -> str:
    """Return where an item is kept; a comment never becomes anything else."""
    return COMMENTS if row["kind"] == "comment" else DOCUMENTS


def _laid_over(known: Version | None, row: Row) -> Version:
    if known is None:
        return Version(row, 1)
    new = merged(known.row, row)
    return known if new == known.row else Version(new, known.revision + 1)


def _answered(row: Row) -> str | None:
    """Return the comment that a comment answers; ``None`` if it answers the root."""
    parent: str | None = row["parent"]
    return parent if parent != row.get("root") else None


def _encoded(document: Document) -> RawBSONDocument:
    encoded = bson.encode(document)
    if len(encoded) > LARGEST:
        raise WriteRejectedError(f"MongoDB: a document of {len(encoded)} bytes, more than 16 MiB")
    return RawBSONDocument(encoded)


def _pages(raw: Mapping[str, bytes]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        identity: ReplaceOne(
            {"_id": identity},
            _encoded({"_id": identity, "body": body, "stored_at": now}),
            upsert=True,
        )
        for identity, body in raw.items()
    }

"""Vectors of videos as records of a book: float32, little-endian, base64."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from items.video_vector import VideoVector
from storage.book import MOST, family_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.book import Book, Record


def save(book: Book, vector: VideoVector) -> None:
    """Keep a vector in place of an older one of the same video."""
    record = record_of(vector)
    book.change([record["key"]], lambda _key, _old: record)


def record_of(vector: VideoVector) -> Record:
    """Return a vector as it is kept."""
    return {
        "key": f"{vector.identity}/{vector.video}",
        "group": family_of(vector.identity),
        "at": vector.created_at,
        "identity": vector.identity,
        "video": vector.video,
        "engine": vector.engine,
        "version": vector.version,
        "dim": len(vector.values),
        "values": b64encode(struct.pack(f"<{len(vector.values)}f", *vector.values)).decode(),
    }


def read(book: Book, identity: str | None = None) -> Iterator[VideoVector]:
    """Yield the vectors of one item, the oldest first, or of all."""
    found: Iterator[Record] = (
        book.scan()
        if identity is None
        else iter(book.listed(group=family_of(identity), limit=MOST))
    )
    for record in found:
        names = ("identity", "video", "engine", "version")
        yield VideoVector(
            **{name: record[name] for name in names},
            created_at=record["at"],
            values=struct.unpack(f"<{record['dim']}f", b64decode(record["values"])),
        )

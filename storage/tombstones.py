"""What was purged and must not come back: hashes, in the book ``tombstones`` of each store.

Nothing but the hash is kept. Whoever has an identity or a name can ask whether it is among them;
whoever has the hashes cannot read them, but could try all ids that a platform may give.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from items.clock import to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from items import Item
    from storage.book import Book, Record

ITEM, AUTHOR = "item", "author"
"""Groups of the book."""


def mark_of(identity: str) -> str:
    """Return the SHA-256 of an identity, hexadecimal."""
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def author_mark(platform: str, author: str) -> str:
    """Return the SHA-256 of a platform and an author's name there, hexadecimal."""
    return mark_of(json.dumps(["author", platform, author]))


def marks_of(item: Item) -> list[str]:
    """Return the marks under which an item may have been purged."""
    own = [mark_of(item.identity)]
    return [*own, author_mark(item.platform, item.author)] if item.author else own


def buried(items: Sequence[Item], known: Callable[[Sequence[str]], Container[str]]) -> set[str]:
    """Return the identities of those items that were purged.

    Args:
        items: Some.
        known: Returns those of some marks that are tombstones.
    """
    marks = {item.identity: marks_of(item) for item in items}
    found = known([*dict.fromkeys(mark for several in marks.values() for mark in several)])
    return {identity for identity, several in marks.items() if any(m in found for m in several)}


def bury(book: Book, marks: Iterable[str], group: str) -> None:
    """Keep tombstones; those that there are stay as they are."""
    at = to_iso(utc_now())

    def change(key: str, known: Record | None) -> Record | None:
        return None if known else {"key": key, "group": group, "at": at}

    book.change([*dict.fromkeys(marks)], change)


def without(rows: dict[str, Any], gone: set[str]) -> dict[str, Any]:
    """Return ``rows`` by identity, those of ``gone`` left out."""
    return {i: row for i, row in rows.items() if i not in gone} if gone else rows

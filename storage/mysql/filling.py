"""Enter anew what items are filtered by, where an earlier program did not: at revision 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, column, select, table

from gleanery.json_text import read_json
from storage.bookkeeping import Version
from storage.described import described
from storage.mysql.hashing import hash_or_none
from storage.mysql.labels import write_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from storage.store import Row

    Find = Callable[[Mapping[int, str]], Mapping[str, Version]]

BATCH = 500
_FILLED = ("language", "author_hash", "root_hash", "published_at", "quality")
# Tables as they were with revision 0005: a migration must not know later ones.
_ITEMS = table("items", *map(column, ("id", "identity", "revision", *_FILLED)))
_DOCUMENTS = table("documents", column("item_id"), column("body"))
_OUTDATED = (
    select(_ITEMS.c.id, _ITEMS.c.identity)
    .where(_ITEMS.c.revision == 0, _ITEMS.c.id > bindparam("last"))
    .order_by(_ITEMS.c.id)
    .limit(BATCH)
)
_FILL = (
    _ITEMS.update()
    .where(_ITEMS.c.id == bindparam("number"), _ITEMS.c.revision == 0)
    .values({name: bindparam(f"new_{name}") for name in ("revision", *_FILLED)})
)


def filled_columns(row: Row) -> dict[str, Any]:
    """Return what the catalogue has of an item since revision 0005."""
    found = described(row)
    return {
        "language": found["language"],
        "author_hash": hash_or_none(found["author"]),
        "root_hash": hash_or_none(found["root"]),
        "published_at": found["published_at"],
        "quality": found["quality"],
    }


def fill_next(db: Connection, last: int, find: Find, *, labels: bool = False) -> int | None:
    """Fill the next ``BATCH`` entries, which are locked meanwhile.

    Args:
        db: A transaction.
        last: Number after which to look.
        find: Gives the items of some numbers and identities, by identity.
        labels: Whether there is a table of them to be filled, too.

    Returns:
        The last number looked at; ``None`` if there was none.
    """
    outdated = db.execute(_OUTDATED.with_for_update(), {"last": last})
    numbers = {found.id: found.identity for found in outdated}
    versions = find(numbers) if numbers else {}
    changes = [
        {f"new_{name}": value for name, value in filled_columns(version.row).items()}
        | {"number": number, "new_revision": max(1, version.revision)}
        for number, identity in numbers.items()
        if (version := versions.get(identity))
    ]
    if changes:
        db.execute(_FILL, changes)
    if labels:
        write_labels(db, [(n, versions[i].row) for n, i in numbers.items() if i in versions])
    return max(numbers, default=None)


def fill_from_documents(db: Connection, *, labels: bool = False) -> None:
    """Fill the entries of items whose documents are in MySQL."""

    def find(numbers: Mapping[int, str]) -> dict[str, Version]:
        query = select(_DOCUMENTS).where(_DOCUMENTS.c.item_id.in_(numbers))
        return {
            numbers[found.item_id]: Version(read_json(found.body), 1) for found in db.execute(query)
        }

    last: int | None = 0
    while last is not None:
        last = fill_next(db, last, find, labels=labels)


def outdated(db: Connection) -> bool:
    """Whether an entry waits to be filled."""
    return db.execute(_OUTDATED.limit(1), {"last": 0}).first() is not None

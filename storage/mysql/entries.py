"""Entries of the catalogue beside their documents in another server: walked, compared, mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from storage.mysql.hashing import hash_of
from storage.mysql.schema import items

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

_AFTER = (
    select(items.c.id, items.c.identity, items.c.revision)
    .where(items.c.id > bindparam("last"))
    .order_by(items.c.id)
    .limit(bindparam("most"))
)
_KNOWN = select(items.c.identity).where(
    items.c.identity_hash.in_(bindparam("hashes", expanding=True))
)
_THIS = (items.c.identity_hash == bindparam("hash")) & (items.c.revision == bindparam("seen"))


def after(db: Connection, last: int, most: int) -> Sequence[Any]:
    """Return the next entries in order of first saving: ``id``, ``identity``, ``revision``."""
    return db.execute(_AFTER, {"last": last, "most": most}).all()


def unknown(db: Connection, identities: Collection[str]) -> list[str]:
    """Return those of ``identities`` that have no entry."""
    hashes = [hash_of(identity) for identity in identities]
    there = set(db.execute(_KNOWN, {"hashes": hashes}).scalars())
    return [identity for identity in identities if identity not in there]


def reopen(db: Connection, seen: Mapping[str, int]) -> None:
    """Let any revision overwrite entries that are still at the revision ``seen``."""
    for identity, revision in seen.items():
        values = {"hash": hash_of(identity), "seen": revision}
        db.execute(update(items).where(_THIS).values(revision=0), values)


def remove(db: Connection, seen: Mapping[str, int]) -> int:
    """Remove entries that are still at the revision ``seen``; return how many."""
    number = 0
    for identity, revision in seen.items():
        values = {"hash": hash_of(identity), "seen": revision}
        number += db.execute(delete(items).where(_THIS), values).rowcount
    return number

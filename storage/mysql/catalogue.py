"""The catalogue: what is counted, sorted and searched, in MySQL or MariaDB."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, func, select

from gleanery.errors import WriteRejectedError
from storage.mysql.database import insert, marks, upsert
from storage.mysql.filling import filled_columns
from storage.mysql.hashing import hash_of
from storage.mysql.labels import write_labels
from storage.mysql.schema import item_terms, items
from storage.searched import text_of, title_of
from storage.store import Row, StoreStats
from storage.words import index_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from items import Item
    from storage.bookkeeping import Version

PAGE = 500
"""Rows read at once by :func:`scanned`."""
_VALUES = itemgetter(*(c.name for c in items.columns if c.name != "id"))
_INSERT = insert(items)
_UPSERT = upsert(items, key=("identity_hash", "identity"), newer="revision")
_TERMS = upsert(item_terms, key=("item_id",))
_LONGEST = {
    c.name: c.type.length
    for c in items.columns
    if isinstance(c.type, String) and c.type.length and not c.name.endswith(("_at", "language"))
} | {"identity": 2**14}
_NUMBERS = "SELECT id, identity, revision FROM items WHERE identity_hash IN ({})"


def check_fits(new: Iterable[Item]) -> None:
    """Make sure that MySQL will take what it is to know of ``new``.

    Raises:
        WriteRejectedError: A value is too long, or out of range.
    """
    for item in new:
        for name, most in _LONGEST.items():
            if len(getattr(item, name) or "") > most:
                raise WriteRejectedError(f"MySQL: {name} has more than {most} characters")
        if not -(2**31) <= item.depth < 2**31:
            raise WriteRejectedError(f"MySQL: depth {item.depth} is out of range")


def enter(db: Connection, versions: Sequence[Version], *, all_new: bool = False) -> dict[str, int]:
    """Describe items in the catalogue; an older version never overwrites a newer one.

    Args:
        db: A transaction.
        versions: The items.
        all_new: Fail, for the transaction to be repeated, if one of them is known.

    Returns:
        Numbers of those items by identity, whose version here is the one that stands now.
    """
    if not versions:
        return {}
    db.exec_driver_sql(_INSERT if all_new else _UPSERT, [_described(v) for v in versions])
    revisions = {v.row["identity"]: v.revision for v in versions}
    hashes = tuple(map(hash_of, revisions))
    standing = {
        found.identity: found.id
        for found in db.exec_driver_sql(_NUMBERS.format(marks(len(hashes))), hashes)
        if found.revision == revisions[found.identity]
    }
    texts = [
        (standing[identity], _indexed(v.row))
        for v in versions
        if (identity := v.row["identity"]) in standing
    ]
    if texts:
        db.exec_driver_sql(_TERMS, texts)
    rows = {v.row["identity"]: v.row for v in versions}
    write_labels(db, [(n, rows[i]) for i, n in standing.items()], all_new=all_new)
    return standing


def _described(version: Version) -> tuple[Any, ...]:
    """Return the values in the order of the table's columns, ``id`` left out."""
    identity = {"identity_hash": hash_of(version.row["identity"]), "revision": version.revision}
    values: tuple[Any, ...] = _VALUES({**version.row, **filled_columns(version.row), **identity})
    return values


def _indexed(row: Row) -> str:
    return index_words(title_of(row), text_of(row))


def newest(limit: int, category: str | None) -> Select[Any]:
    """Return the query for identities of the items fetched last, newest first."""
    query = select(items.c.identity).order_by(items.c.fetched_at.desc(), items.c.id.desc())
    if category:
        query = query.where(items.c.category == category)
    return query.limit(limit)


def page_after(last: int, *, unclassified: bool, kinds: Sequence[str]) -> Select[Any]:
    """Return the query for the next ``PAGE`` numbers and identities, in order of first saving."""
    query = select(items.c.id, items.c.identity).where(items.c.id > last)
    # By another index each page would sort all that are left.
    query = query.with_hint(items, "FORCE INDEX (PRIMARY)")
    if unclassified:
        query = query.where(items.c.classified_at.is_(None))
    if kinds:
        query = query.where(items.c.kind.in_(kinds))
    return query.order_by(items.c.id).limit(PAGE)


def counted(db: Connection, classified_kinds: Sequence[str]) -> StoreStats:
    """Count everything."""
    waiting = items.c.classified_at.is_(None) & items.c.kind.in_(classified_kinds)
    return StoreStats(
        total=_count(db),
        items=_groups(db, items.c.platform),
        kinds=_groups(db, items.c.kind),
        categories=_groups(db, items.c.category, items.c.category.is_not(None)),
        depths=dict(sorted(_groups(db, items.c.depth).items())),
        days=dict(sorted(_groups(db, func.substr(items.c.fetched_at, 1, 10)).items())),
        unclassified=_count(db, waiting) if classified_kinds else 0,
        needs_review=_count(db, items.c.needs_review.is_(True)),
    )


def _count(db: Connection, *where: ColumnElement[bool]) -> int:
    return db.execute(select(func.count()).select_from(items).where(*where)).scalar_one()


def _groups(
    db: Connection, column: ColumnElement[Any], *where: ColumnElement[bool]
) -> dict[Any, int]:
    found: Iterable[Any] = db.execute(select(column, func.count()).where(*where).group_by(column))
    return dict(sorted(((key, n) for key, n in found), key=lambda pair: (-pair[1], pair[0])))

"""Queries for pages of items; each is answered from one index, in its order."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, text

from storage.mysql.hashing import hash_of
from storage.mysql.schema import items
from storage.words import match_words

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, Select
    from sqlalchemy.sql.elements import TextClause

    from storage.item_filter import Condition, ItemFilter, Place

_SIGNS = {"=": operator.eq, ">=": operator.ge, "<": operator.lt}
_HASHED = ("author", "root")
_BEST = "MATCH (item_terms.terms) AGAINST (:query IN BOOLEAN MODE)"


def page_query(wanted: ItemFilter, after: Place | None, limit: int) -> Select[Any]:
    """Return the query for ``id``, ``identity`` and ``instant`` of the next ``limit`` items."""
    order = items.c[wanted.order]
    query = select(items.c.id, items.c.identity, order.label("instant"))
    # Left to itself, the server may intersect two indexes and sort all that is left.
    query = query.with_hint(items, f"FORCE INDEX (items_{wanted.index})")
    query = query.where(*map(_condition, wanted.conditions()))
    if after:  # MariaDB finds no range for (a, b) < (x, y)
        earlier = or_(order < after.instant, items.c.id < after.number)
        query = query.where(order <= after.instant, earlier)
    return query.order_by(order.desc(), items.c.id.desc()).limit(limit)


def comments_query(root: str, after: int, limit: int) -> Select[Any]:
    """Return the query for ``id`` and ``identity`` of comments under ``root``."""
    query = select(items.c.id, items.c.identity).with_hint(items, "FORCE INDEX (items_root)")
    query = query.where(items.c.root_hash == hash_of(root), items.c.id > after)
    return query.order_by(items.c.id).limit(limit)


def search_query(said: str, wanted: ItemFilter, limit: int, *, whole: bool) -> TextClause | None:
    """Return the query for identities of wanted items that say ``said``, best first.

    ``whole`` as for ``storage.words.match_words``.
    """
    if not (words := match_words(said, whole=whole)):
        return None
    found = wanted.conditions()
    where = "".join(f" AND items.{_column(c)} {c.sign} :v{n}" for n, c in enumerate(found))
    sql = (
        "SELECT items.identity FROM item_terms JOIN items ON items.id = item_terms.item_id"  # noqa: S608
        f" WHERE {_BEST}{where} ORDER BY {_BEST} DESC, items.id LIMIT :most"
    )
    values: list[BindParameter[Any]] = [bindparam(f"v{n}", _value(c)) for n, c in enumerate(found)]
    return text(sql).bindparams(bindparam("query", words), bindparam("most", limit), *values)


def _condition(wanted: Condition) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = _SIGNS[wanted.sign](items.c[_column(wanted)], _value(wanted))
    return compared


def _column(wanted: Condition) -> str:
    return f"{wanted.field}_hash" if wanted.field in _HASHED else wanted.field


def _value(wanted: Condition) -> Any:
    return hash_of(wanted.value) if wanted.field in _HASHED else wanted.value

"""Queries for pages of items; each is answered from one index, in its order."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, text

from storage.mysql.hashing import hash_of
from storage.mysql.schema import items
from storage.words import in_a_row, match_words

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
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


def search_query(said: str, wanted: ItemFilter, limit: int) -> TextClause | None:
    """Return the query for ``id``, ``identity`` and ``best`` of wanted items that say ``said``.

    The index hands out what it found in the order of its rank, and entries and texts are read only
    until there are ``limit``: a word may be in a hundred thousand items. A join in another order,
    or an order that the server is asked for, would read them all; the caller sorts. (Sorted around
    a derived table, MariaDB 10.11 dies now and then of words that nothing says.) Pairs in a row are
    looked for in the text of those that are read, since for a phrase the index reads the text of
    everything that it found.
    """
    if not (words := match_words(said)):
        return None
    rows = [f" {row}" for row in in_a_row(said)]
    conditions = wanted.conditions()
    where = "".join(f" AND INSTR(CONCAT(' ', item_terms.terms), :r{n})" for n, _ in enumerate(rows))
    where += "".join(f" AND items.{_column(c)} {c.sign} :v{n}" for n, c in enumerate(conditions))
    sql = (
        f"SELECT STRAIGHT_JOIN items.id, items.identity, {_BEST} AS best"  # noqa: S608
        " FROM item_terms JOIN items ON items.id = item_terms.item_id"
        f" WHERE {_BEST}{where} LIMIT :most"
    )
    values = {"query": words, "most": limit}
    values |= {f"r{n}": row for n, row in enumerate(rows)}
    values |= {f"v{n}": _value(c) for n, c in enumerate(conditions)}
    return text(sql).bindparams(**values)


def _condition(wanted: Condition) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = _SIGNS[wanted.sign](items.c[_column(wanted)], _value(wanted))
    return compared


def _column(wanted: Condition) -> str:
    return f"{wanted.field}_hash" if wanted.field in _HASHED else wanted.field


def _value(wanted: Condition) -> Any:
    return hash_of(wanted.value) if wanted.field in _HASHED else wanted.value

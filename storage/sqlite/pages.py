"""SQL for pages of items; each is answered from one index, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.item_filter import ItemFilter, Place

Query = tuple[str, list[Any]]
SCANNED = 500
"""Items of a page of a scan."""


def page_query(wanted: ItemFilter, after: Place | None, limit: int) -> Query:
    """Return the query for ``id``, ``instant`` and ``body`` of the next ``limit`` items."""
    where, values = _where(wanted)
    if after:
        where.append(f"({wanted.order}, id) < (?, ?)")
        values += [after.instant, after.number]
    sql = (
        f"SELECT id, {wanted.order} AS instant, body FROM items"  # noqa: S608
        f" INDEXED BY items_by_{wanted.index} WHERE {' AND '.join(where) or '1'}"
        f" ORDER BY {wanted.order} DESC, id DESC LIMIT ?"
    )
    return sql, [*values, limit]


def search_query(words: str, wanted: ItemFilter, limit: int) -> Query:
    """Return the query for the bodies of wanted items that match ``words``, best first."""
    where, values = _where(wanted)
    sql = (
        "SELECT body FROM terms JOIN items ON items.id = terms.rowid"  # noqa: S608
        f" WHERE {' AND '.join(['terms MATCH ?', *where])}"
        " ORDER BY bm25(terms, 4.0, 1.0), items.id LIMIT ?"
    )
    return sql, [words, *values, limit]


def comments_query(root: str, after: int, limit: int) -> Query:
    """Return the query for ``id`` and ``body`` of comments under ``root``, oldest number first."""
    return (
        "SELECT id, body FROM items INDEXED BY items_by_root WHERE root = ? AND id > ?"
        " ORDER BY id LIMIT ?",
        [root, after, limit],
    )


def scan_query(last: int, *, unclassified: bool, kinds: Sequence[str]) -> Query:
    """Return the query for ``id`` and ``body`` of the next items in the order of their numbers.

    Bodies are bytes: as a ``str`` they would be made into UTF-8 again to be read. The plus keeps
    SQLite from looking kinds up in their index: it would sort all of them for each page.
    """
    where = "id > ?" + (" AND classified_at IS NULL" if unclassified else "")
    where += f" AND +kind IN ({','.join('?' * len(kinds))})" if kinds else ""
    sql = (
        "SELECT id, CAST(body AS BLOB) AS body FROM items"  # noqa: S608
        f" WHERE {where} ORDER BY id LIMIT {SCANNED}"
    )
    return sql, [last, *kinds]


def _where(wanted: ItemFilter) -> tuple[list[str], list[Any]]:
    found = wanted.conditions()
    return [f"{c.field} {c.sign} ?" for c in found], [c.value for c in found]

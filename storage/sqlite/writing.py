"""Items into the embedded store, a batch by a few statements; all in a caller's transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from storage.bigram import index_terms
from storage.described import described
from storage.merge import merged
from storage.searched import text_of, title_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from storage.store import Row

PAGE = 500
_PLAIN = ("platform", "kind", "depth", "category", "needs_review", "classified_at", "fetched_at")
_DESCRIBED = ("subcategory", "language", "author", "root", "quality", "published_at")
_COLUMNS = (*_PLAIN, *_DESCRIBED, "body")
_UPSERT = f"""
INSERT INTO items (id, identity, {", ".join(_COLUMNS)}) VALUES (?, ?, {", ".join("?" * len(_COLUMNS))})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608, E501
_TERMS = "INSERT INTO terms (rowid, title, text) VALUES (?, ?, ?)"


class Known(NamedTuple):
    """A stored item."""

    number: int
    body: str


def known(db: sqlite3.Connection, identities: Sequence[str]) -> dict[str, Known]:
    """Return those of ``identities`` that there are."""
    found: dict[str, Known] = {}
    for start in range(0, len(identities), PAGE):
        part = identities[start : start + PAGE]
        marks = ",".join("?" * len(part))
        sql = f"SELECT identity, id, body FROM items WHERE identity IN ({marks})"  # noqa: S608
        found |= {row["identity"]: Known(row["id"], row["body"]) for row in db.execute(sql, part)}
    return found


def save(db: sqlite3.Connection, rows: Mapping[str, Row], raw: Mapping[str, bytes]) -> None:
    """Lay ``rows`` over what is known of them; ``raw``: pages as fetched, gzip."""
    there = known(db, [*rows])
    laid = {
        identity: merged(json.loads(there[identity].body), row) if identity in there else row
        for identity, row in rows.items()
    }
    write(db, laid, there)
    db.executemany("INSERT OR REPLACE INTO raw (identity, body) VALUES (?, ?)", raw.items())


def write(db: sqlite3.Connection, rows: Mapping[str, Row], there: Mapping[str, Known]) -> None:
    """Write ``rows`` over those of them that are ``there``; new ones get the next numbers."""
    last = db.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]
    entries: list[tuple[object, ...]] = []
    for identity, row in rows.items():
        body = json.dumps(row, ensure_ascii=False)
        old = there.get(identity)
        if old and old.body == body:  # which holds all that is indexed
            continue
        last += old is None
        entries.append((old.number if old else last, identity, *_described(row), body))
    stale = [(old.number,) for identity in rows if (old := there.get(identity))]
    changed = {entry[0] for entry in entries}
    db.executemany("DELETE FROM terms WHERE rowid = ?", [s for s in stale if s[0] in changed])
    db.executemany(_UPSERT, entries)
    db.executemany(_TERMS, ((number, *_terms(rows[str(i)])) for number, i, *_ in entries))


def _described(row: Row) -> list[object]:
    more = described(row)
    return [*(row[name] for name in _PLAIN), *(more[name] for name in _DESCRIBED)]


def _terms(row: Row) -> tuple[str, str]:
    return index_terms(title_of(row)), index_terms(text_of(row))

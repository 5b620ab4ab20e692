"""Labels as rows beside the entries, kept in step with the documents' annotations."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from items.clock import from_iso, to_iso
from storage.labelled import ModelLabels, in_order, labels_of
from storage.mysql.database import marks
from storage.mysql.hashing import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from storage.store import Row

LONGEST = 191
"""Characters; of a longer name the document has the rest."""
MOST = 100
"""Labels of one item that are kept as rows."""
# As revision 0011 makes it, which fills it by this module.
_INSERT = (
    "INSERT INTO labels (item_id, place, model_hash, tool, engine, version, category, subcategory,"
    " score, by_person, labelled_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_COUNT = text("""
SELECT min(m.tool) AS tool, min(m.engine) AS engine, min(m.version) AS version,
    count(*) AS labels, avg(m.score) AS mean_score,
    coalesce(sum(p.category = m.category), 0) AS confirmed,
    coalesce(sum(p.category <> m.category), 0) AS corrected
FROM labels m LEFT JOIN labels p ON p.item_id = m.item_id AND p.by_person = 1
WHERE m.by_person = 0 GROUP BY m.model_hash
""")


def write_labels(db: Connection, rows: Sequence[tuple[int, Row]], *, all_new: bool = False) -> None:
    """Put the labels of items, by number, in place of those that were there."""
    if rows and not all_new:
        numbers = [number for number, _ in rows]
        these = f"DELETE FROM labels WHERE item_id IN ({marks(len(numbers))})"  # noqa: S608
        db.exec_driver_sql(these, tuple(numbers))
    if values := [line for number, row in rows for line in _lines(number, row)]:
        db.exec_driver_sql(_INSERT, values)


def counted_labels(db: Connection) -> list[ModelLabels]:
    """Do what ``Labelled.model_labels`` does, by one query."""
    return in_order(
        ModelLabels(
            tool=found.tool,
            engine=found.engine,
            version=found.version,
            labels=found.labels,
            mean_score=found.mean_score,
            confirmed=int(found.confirmed),
            corrected=int(found.corrected),
        )
        for found in db.execute(_COUNT)
    )


def _lines(number: int, row: Row) -> Iterator[tuple[Any, ...]]:
    for place, one in enumerate(islice(labels_of(row), MOST)):
        names = [name[:LONGEST] for name in (one.tool, one.engine, one.version, one.category)]
        below = one.subcategory[:LONGEST] if one.subcategory else None
        model = hash_of("\n".join((one.tool, one.engine, one.version)))
        at = to_iso(from_iso(one.at))
        yield number, place, model, *names, below, one.score, one.by_person, at

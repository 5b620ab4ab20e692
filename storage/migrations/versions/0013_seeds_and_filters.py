"""Seeds that crawls began with: a book, as those of 0002; indexes of two more filters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from storage.migrations.book_tables import drop_books, make_books

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BOOKS = ("seeds",)
_NEW = {
    "items_subcategory": ["subcategory", "fetched_at", "id"],
    "items_needs_review": ["needs_review", "fetched_at", "id"],
}
_OLD = {"items_review": ["needs_review"]}


def upgrade() -> None:
    """Make the table, and the indexes that a run that was killed did not."""
    tables, indexes = _known()
    if not tables & {*_BOOKS}:
        make_books(*_BOOKS)
    _change(indexes, new=_NEW, old=_OLD)


def downgrade() -> None:
    """Drop the table, with all that is in it; indexes become what they were."""
    drop_books(*_BOOKS)
    _change({*_NEW}, new=_OLD, old=_NEW)


def _change(there: set[str], *, new: dict[str, list[str]], old: dict[str, list[str]]) -> None:
    for name, columns in new.items():
        if name not in there:
            op.create_index(name, "items", columns)
    for name in old:
        if name in there:
            op.drop_index(name, "items")


def _known() -> tuple[set[str], set[str]]:
    """Return names of tables, and of indexes of ``items``."""
    if context.is_offline_mode():
        return set(), {*_OLD}
    found = sa.inspect(op.get_bind())
    return {*found.get_table_names()}, {str(index["name"]) for index in found.get_indexes("items")}

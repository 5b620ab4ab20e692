"""What items are filtered by: language, author, root, quality, publication; filled at once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.mysql import BINARY, DOUBLE, VARCHAR

from storage.mysql.filling import fill_from_documents

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NEW = {
    "items_language": ["language", "fetched_at", "id"],
    "items_author": ["author_hash", "fetched_at", "id"],
    "items_author_published": ["author_hash", "published_at", "id"],
    "items_category_published": ["category", "published_at", "id"],
    "items_published_at": ["published_at", "id"],
    "items_root": ["root_hash", "id"],
}
_WIDER = {
    "items_platform": ["platform", "fetched_at", "id"],
    "items_kind": ["kind", "fetched_at", "id"],
}


def upgrade() -> None:
    """Add columns and indexes, those that a run that was killed did not; then fill them.

    Every entry is marked by revision 0 until it is filled: here, where its document is in MySQL,
    else by ``gleanery db init``.
    """
    columns = _known_columns()
    for column in _columns():
        if column.name not in columns:
            op.add_column("items", column)
    indexes = _known_indexes()
    for name, wanted in (_NEW | _WIDER).items():
        if indexes.get(name) == wanted:
            continue
        if name in indexes:
            op.drop_index(name, "items")
        op.create_index(name, "items", wanted)
    op.execute("UPDATE items SET revision = 0")
    if not context.is_offline_mode():
        fill_from_documents(op.get_bind())


def downgrade() -> None:
    """Drop them; what was in them is in the documents, too."""
    for name in _NEW:
        op.drop_index(name, "items")
    for name, columns in _WIDER.items():
        op.drop_index(name, "items")
        op.create_index(name, "items", columns[:1])
    for column in _columns():
        op.drop_column("items", column.name)
    op.execute("UPDATE items SET revision = 1 WHERE revision = 0")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("language", sa.String(35)),
        sa.Column("author_hash", BINARY(32)),
        sa.Column("root_hash", BINARY(32)),
        sa.Column("published_at", VARCHAR(40, charset="ascii", collation="ascii_bin")),
        sa.Column("quality", DOUBLE(asdecimal=False)),
    ]


def _known_columns() -> set[str]:
    if context.is_offline_mode():
        return set()
    return {str(column["name"]) for column in sa.inspect(op.get_bind()).get_columns("items")}


def _known_indexes() -> dict[str, list[Any]]:
    if context.is_offline_mode():
        return {name: columns[:1] for name, columns in _WIDER.items()}
    found = sa.inspect(op.get_bind()).get_indexes("items")
    return {str(index["name"]): list(index["column_names"]) for index in found}

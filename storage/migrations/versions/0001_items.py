"""The catalogue of items, their words, documents and pages, and proposals."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import BINARY, LONGBLOB, LONGTEXT, VARCHAR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ENGINE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}
_INDEXES = {
    "items_category": ["category", "fetched_at", "id"],
    "items_fetched_at": ["fetched_at", "id"],
    "items_unclassified": ["classified_at", "kind", "id"],
    "items_platform": ["platform"],
    "items_kind": ["kind"],
    "items_depth": ["depth"],
    "items_review": ["needs_review"],
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("identity_hash", BINARY(32), nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("platform", sa.String(191), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("category", sa.String(191)),
        sa.Column("subcategory", sa.String(191)),
        sa.Column("needs_review", sa.Boolean, nullable=False),
        sa.Column("classified_at", _instant()),
        sa.Column("fetched_at", _instant(), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        **_ENGINE,
    )
    op.create_index("items_identity", "items", ["identity_hash"], unique=True)
    for name, columns in _INDEXES.items():
        op.create_index(name, "items", columns)
    _of_items("item_terms", sa.Column("terms", _ascii(), nullable=False))
    op.create_index("item_terms_terms", "item_terms", ["terms"], mysql_prefix="FULLTEXT")
    _of_items("documents", sa.Column("body", LONGTEXT, nullable=False))
    _of_items("raw_pages", sa.Column("body", LONGBLOB(), nullable=False))
    op.create_table(
        "proposals",
        sa.Column("identity_hash", BINARY(32), primary_key=True),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("body", LONGTEXT, nullable=False),
        **_ENGINE,
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for name in ("proposals", "raw_pages", "documents", "item_terms", "items"):
        op.drop_table(name)


def _instant() -> VARCHAR:
    return VARCHAR(40, charset="ascii", collation="ascii_bin")


def _ascii() -> LONGTEXT:
    return LONGTEXT(charset="ascii", collation="ascii_bin")


def _of_items(name: str, column: sa.Column[Any]) -> None:
    owner = sa.ForeignKey("items.id", ondelete="CASCADE")
    number = sa.Column("item_id", sa.BigInteger, owner, primary_key=True, autoincrement=False)
    op.create_table(name, number, column, **_ENGINE)

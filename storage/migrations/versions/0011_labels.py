"""Labels, each a row; categories and sub-categories, which `gleanery db init` fills."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.mysql import BINARY, DOUBLE, VARCHAR

from storage.mysql.filling import fill_from_documents

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ENGINE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def upgrade() -> None:
    """Make the tables; entries are marked by revision 0 until their labels are rows.

    That is here, where their documents are in MySQL, else by ``gleanery db init``.
    """
    op.create_table(
        "labels",
        sa.Column(
            "item_id",
            sa.BigInteger,
            sa.ForeignKey("items.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("model_hash", BINARY(32), nullable=False),
        *(_name(name) for name in ("tool", "engine", "version", "category")),
        sa.Column("subcategory", sa.String(191)),
        sa.Column("score", DOUBLE(asdecimal=False)),
        sa.Column("by_person", sa.Boolean, nullable=False),
        sa.Column("labelled_at", VARCHAR(40, charset="ascii", collation="ascii_bin")),
        **_ENGINE,
    )
    op.create_index("labels_model", "labels", ["model_hash", "category"])
    op.create_index("labels_category", "labels", ["category", "item_id"])
    op.create_table(
        "categories",
        sa.Column("category", sa.String(191), primary_key=True),
        _place(),
        _name("taxonomy"),
        *_words(),
        **_ENGINE,
    )
    above = sa.ForeignKey("categories.category", ondelete="CASCADE")
    op.create_table(
        "subcategories",
        sa.Column("category", sa.String(191), above, primary_key=True),
        sa.Column("subcategory", sa.String(191), primary_key=True),
        _place(),
        *_words(),
        **_ENGINE,
    )
    op.execute("UPDATE items SET revision = 0")
    if not context.is_offline_mode():
        fill_from_documents(op.get_bind(), labels=True)


def downgrade() -> None:
    """Drop them; the documents have the labels, too."""
    for name in ("subcategories", "categories", "labels"):
        op.drop_table(name)
    op.execute("UPDATE items SET revision = 1 WHERE revision = 0")


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(191), nullable=False)


def _place() -> sa.Column[Any]:
    return sa.Column("place", sa.Integer, nullable=False)


def _words() -> list[sa.Column[Any]]:
    names = ("name_ko", "name_en", "description_ko", "description_en")
    return [sa.Column(name, sa.Text, nullable=False) for name in names]

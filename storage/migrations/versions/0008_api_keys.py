"""Keys of the client API: a book, as those of 0002."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import BINARY, LONGTEXT, VARCHAR

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BOOKS = ("api_keys",)


def upgrade() -> None:
    """Make the tables."""
    for name in _BOOKS:
        op.create_table(
            name,
            sa.Column("name_hash", BINARY(32), primary_key=True),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("family", sa.String(191), nullable=False),
            sa.Column("at", VARCHAR(40, charset="ascii", collation="ascii_bin")),
            sa.Column("body", LONGTEXT, nullable=False),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
            mysql_row_format="DYNAMIC",
        )
        op.create_index(f"{name}_at", name, ["at"])
        op.create_index(f"{name}_family", name, ["family", "at"])


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for name in _BOOKS:
        op.drop_table(name)

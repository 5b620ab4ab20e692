"""Hashes of what was purged and must not come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import BINARY, LONGTEXT, VARCHAR

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table: a book, as those of 0002."""
    op.create_table(
        "tombstones",
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
    op.create_index("tombstones_at", "tombstones", ["at"])
    op.create_index("tombstones_family", "tombstones", ["family", "at"])


def downgrade() -> None:
    """Drop it: what was purged may come back."""
    op.drop_table("tombstones")

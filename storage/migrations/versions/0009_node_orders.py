"""What nodes are told to do."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import VARCHAR

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPTIONS: Any = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_orders",
        sa.Column("name", sa.String(191), primary_key=True),
        sa.Column("drain", sa.Boolean, nullable=False),
        sa.Column("at", VARCHAR(40, charset="ascii", collation="ascii_bin"), nullable=False),
        **_OPTIONS,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("node_orders")

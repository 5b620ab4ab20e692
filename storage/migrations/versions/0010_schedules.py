"""Crawls that start by the clock."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _at(name: str, *, needed: bool = False) -> Any:
    kind = VARCHAR(40, charset="ascii", collation="ascii_bin")
    return sa.Column(name, kind, nullable=not needed)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("spider", sa.String(64), nullable=False),
        sa.Column("arguments", LONGTEXT, nullable=False),
        sa.Column("settings", LONGTEXT, nullable=False),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("cron", sa.String(191), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        _at("created_at", needed=True),
        _at("next_at"),
        _at("last_at"),
        sa.Column("job", sa.String(64)),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
    )
    op.create_index("schedules_next", "schedules", ["next_at"])


def downgrade() -> None:
    """Drop it, with all that is in it."""
    op.drop_table("schedules")

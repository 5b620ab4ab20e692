"""What people are told of jobs: a row for each event and way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import VARCHAR

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _at(name: str, *, needed: bool = False) -> Any:
    kind = VARCHAR(40, charset="ascii", collation="ascii_bin")
    return sa.Column(name, kind, nullable=not needed)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_notices",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        _at("at", needed=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        _at("next_at"),
        _at("sent_at"),
        sa.Column("error", sa.Text),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
    )
    op.create_index("job_notices_next", "job_notices", ["way", "next_at"])


def downgrade() -> None:
    """Drop it, with all that is in it."""
    op.drop_table("job_notices")

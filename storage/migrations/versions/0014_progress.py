"""How jobs got on: points of their charts, and the branches of their crawls."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ENGINE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job_samples",
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("facts", LONGTEXT, nullable=False),
        **_ENGINE,
    )
    op.create_index("job_samples_at", "job_samples", ["at"])
    op.create_table(
        "job_branches",
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("at", VARCHAR(40, charset="ascii", collation="ascii_bin"), nullable=False),
        sa.Column("branches", LONGTEXT, nullable=False),
        **_ENGINE,
    )
    op.create_index("job_branches_at", "job_branches", ["at"])


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for name in ("job_branches", "job_samples"):
        op.drop_table(name)

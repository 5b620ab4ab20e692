"""Jobs, what happened to them, and nodes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPTIONS: Any = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def _at(name: str, *, needed: bool = False) -> Any:
    kind = VARCHAR(40, charset="ascii", collation="ascii_bin")
    return sa.Column(name, kind, nullable=not needed)


def upgrade() -> None:
    """Make the tables."""
    op.create_table("jobs", *_job_columns(), **_OPTIONS)
    op.create_index("jobs_job", "jobs", ["job"], unique=True)
    op.create_index("jobs_state", "jobs", ["state", "number"])
    op.create_index("jobs_spider", "jobs", ["spider", "number"])
    op.create_index("jobs_node", "jobs", ["node", "state", "number"])
    op.create_index("jobs_parent", "jobs", ["parent"])
    op.create_table(
        "job_events",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("job", sa.String(64), nullable=False),
        _at("at", needed=True),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("node", sa.String(191)),
        sa.Column("detail", sa.Text, nullable=False),
        **_OPTIONS,
    )
    op.create_index("job_events_job", "job_events", ["job", "number"])
    op.create_table(
        "job_nodes",
        sa.Column("name", sa.String(191), primary_key=True),
        _at("heartbeat_at", needed=True),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("draining", sa.Boolean, nullable=False),
        sa.Column("running", LONGTEXT, nullable=False),
        **_OPTIONS,
    )


def _job_columns() -> list[Any]:
    texts = {"job": 64, "project": 64, "spider": 64, "state": 16}
    return [
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in texts.items()),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("arguments", LONGTEXT, nullable=False),
        sa.Column("settings", LONGTEXT, nullable=False),
        sa.Column("version", sa.String(64)),
        sa.Column("parent", sa.String(64)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("node", sa.String(191)),
        sa.Column("pid", sa.Integer),
        sa.Column("cancel", sa.Boolean, nullable=False),
        _at("created_at", needed=True),
        *(_at(name) for name in ("started_at", "ended_at", "heartbeat_at", "progress_at")),
        sa.Column("progress", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("signal", sa.String(16)),
        sa.Column("stats", LONGTEXT, nullable=False),
    ]


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for name in ("job_nodes", "job_events", "jobs"):
        op.drop_table(name)

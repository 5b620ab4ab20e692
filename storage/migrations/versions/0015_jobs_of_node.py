"""The index by which a node's jobs are listed, and the version of its newest one is found."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("jobs_of_node", "jobs", ["node", "number"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("jobs_of_node", "jobs")

"""Tables of books, as revisions 0002, 0003, 0004, 0008 and 0013 make them.

Never change it: databases hold tables of this shape. Another shape is another revision.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import BINARY, LONGTEXT, VARCHAR


def make_books(*names: str) -> None:
    """Make the tables."""
    for name in names:
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


def drop_books(*names: str) -> None:
    """Drop them, with all that is in them."""
    for name in names:
        op.drop_table(name)

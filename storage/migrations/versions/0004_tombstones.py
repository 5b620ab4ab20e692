"""Hashes of what was purged and must not come back."""

from __future__ import annotations

from storage.migrations.book_tables import drop_books, make_books

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BOOKS = ("tombstones",)


def upgrade() -> None:
    """Make the table: a book, as those of 0002."""
    make_books(*_BOOKS)


def downgrade() -> None:
    """Drop it: what was purged may come back."""
    drop_books(*_BOOKS)

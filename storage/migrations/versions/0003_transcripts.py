"""Transcripts, and vectors of videos."""

from __future__ import annotations

from storage.migrations.book_tables import drop_books, make_books

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BOOKS = ("transcripts", "vectors")


def upgrade() -> None:
    """Make the tables."""
    make_books(*_BOOKS)


def downgrade() -> None:
    """Drop them, with all that is in them."""
    drop_books(*_BOOKS)

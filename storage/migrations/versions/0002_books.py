"""Records beside the items: what visits found, seeds' yields, topics."""

from __future__ import annotations

from storage.migrations.book_tables import drop_books, make_books

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BOOKS = ("visits", "seed_yields", "topics")


def upgrade() -> None:
    """Make the tables."""
    make_books(*_BOOKS)


def downgrade() -> None:
    """Drop them, with all that is in them."""
    drop_books(*_BOOKS)

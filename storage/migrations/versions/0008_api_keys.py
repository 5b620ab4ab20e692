"""Keys of the client API: a book, as those of 0002."""

from __future__ import annotations

from storage.migrations.book_tables import drop_books, make_books

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BOOKS = ("api_keys",)


def upgrade() -> None:
    """Make the tables."""
    make_books(*_BOOKS)


def downgrade() -> None:
    """Drop them, with all that is in them."""
    drop_books(*_BOOKS)

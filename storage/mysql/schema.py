"""The tables, as ``storage/migrations`` makes them; ``gleanery db check`` compares the two.

Collations are stated, since MariaDB and MySQL differ in their defaults and all but ``_bin`` take
different emoji for the same. Instants are ISO 8601 texts, as in the other stores: exact at every
year, and in order.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.mysql import BINARY, DOUBLE, LONGBLOB, LONGTEXT, VARCHAR

from storage.book import BOOKS
from storage.jobs.schema import define_jobs
from storage.mysql.table import ENGINE, metadata
from storage.office.tables import TABLES as OFFICE


def _instant() -> VARCHAR:
    return VARCHAR(40, charset="ascii", collation="ascii_bin")


def _item_id() -> Column[int]:
    return Column(
        "item_id",
        BigInteger,
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


items = Table(
    "items",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),  # order of first saving
    Column("identity_hash", BINARY(32), nullable=False),  # SHA-256: a URL may be longer than a key
    Column("identity", Text, nullable=False),
    Column("platform", String(191), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("category", String(191)),
    Column("subcategory", String(191)),
    Column("needs_review", Boolean, nullable=False),
    Column("classified_at", _instant()),
    Column("fetched_at", _instant(), nullable=False),
    Column("revision", BigInteger, nullable=False),  # of the document it describes; 0 = outdated
    Column("language", String(35)),
    Column("author_hash", BINARY(32)),
    Column("root_hash", BINARY(32)),  # of a comment: what it stands under
    Column("published_at", _instant()),
    Column("quality", DOUBLE(asdecimal=False)),  # in [0, 1]
    Index("items_identity", "identity_hash", unique=True),
    Index("items_category", "category", "fetched_at", "id"),
    Index("items_fetched_at", "fetched_at", "id"),
    Index("items_unclassified", "classified_at", "kind", "id"),
    Index("items_platform", "platform", "fetched_at", "id"),
    Index("items_kind", "kind", "fetched_at", "id"),
    Index("items_language", "language", "fetched_at", "id"),
    Index("items_author", "author_hash", "fetched_at", "id"),
    Index("items_author_published", "author_hash", "published_at", "id"),
    Index("items_category_published", "category", "published_at", "id"),
    Index("items_published_at", "published_at", "id"),
    Index("items_root", "root_hash", "id"),
    Index("items_depth", "depth"),
    Index("items_subcategory", "subcategory", "fetched_at", "id"),
    Index("items_needs_review", "needs_review", "fetched_at", "id"),
    **ENGINE,
)
"""The catalogue: what is counted, sorted and filtered by."""

item_terms = Table(
    "item_terms",
    metadata,
    _item_id(),
    Column("terms", LONGTEXT(charset="ascii", collation="ascii_bin"), nullable=False),
    Index("item_terms_terms", "terms", mysql_prefix="FULLTEXT"),
    **ENGINE,
)
"""Full text, as ``storage.words`` writes it for servers that have no parser for Korean."""

documents = Table(
    "documents", metadata, _item_id(), Column("body", LONGTEXT, nullable=False), **ENGINE
)
"""``Item.to_dict()`` as JSON; empty where MongoDB keeps the documents."""

raw_pages = Table(
    "raw_pages", metadata, _item_id(), Column("body", LONGBLOB, nullable=False), **ENGINE
)
"""Pages as fetched, gzip; empty where MongoDB keeps the documents."""

labels = Table(
    "labels",
    metadata,
    _item_id(),
    Column("place", Integer, primary_key=True, autoincrement=False),  # among the item's labels
    Column("model_hash", BINARY(32), nullable=False),  # of tool, engine and version, whole
    Column("tool", String(191), nullable=False),
    Column("engine", String(191), nullable=False),
    Column("version", String(191), nullable=False),
    Column("category", String(191), nullable=False),
    Column("subcategory", String(191)),
    Column("score", DOUBLE(asdecimal=False)),  # in [0, 1]
    Column("by_person", Boolean, nullable=False),
    Column("labelled_at", _instant()),
    Index("labels_model", "model_hash", "category"),
    Index("labels_category", "category", "item_id"),
    **ENGINE,
)
"""Who called an item what: annotations that name a category (``storage.labelled``).

No foreign key leads to ``categories``: a model may have answered by a taxonomy since changed.
"""


def _words() -> list[Column[str]]:
    names = ("name_ko", "name_en", "description_ko", "description_en")
    return [Column(name, Text, nullable=False) for name in names]


categories = Table(
    "categories",
    metadata,
    Column("category", String(191), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("taxonomy", String(191), nullable=False),  # its version
    *_words(),
    **ENGINE,
)
subcategories = Table(
    "subcategories",
    metadata,
    Column(
        "category",
        String(191),
        ForeignKey("categories.category", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("subcategory", String(191), primary_key=True),
    Column("place", Integer, nullable=False),
    *_words(),
    **ENGINE,
)
"""The taxonomy, as ``gleanery db init`` found it."""


def _book(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("name_hash", BINARY(32), primary_key=True),
        Column("name", Text, nullable=False),
        Column("family", String(191), nullable=False),
        Column("at", _instant()),
        Column("body", LONGTEXT, nullable=False),
        Index(f"{name}_at", "at"),
        Index(f"{name}_family", "family", "at"),
        **ENGINE,
    )


books = {name: _book(name) for name in BOOKS}
"""Records beside the items, see ``storage.book``; ``name`` is their key, ``family`` their group."""

proposals = Table(
    "proposals",
    metadata,
    Column("identity_hash", BINARY(32), primary_key=True),
    Column("identity", Text, nullable=False),
    Column("body", LONGTEXT, nullable=False),
    **ENGINE,
)
"""``items.Proposal`` as JSON."""

job_tables = define_jobs(metadata, **ENGINE)
"""What ``storage.jobs`` keeps: see there."""

__all__ = ["ENGINE", "OFFICE", "job_tables", "metadata"]

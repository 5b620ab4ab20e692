"""Names and types of a record's fields: one list for Parquet, the card and the docs."""

from __future__ import annotations

TEXT, NUMBER, INSTANT = "string", "float64", "timestamp[s, tz=UTC]"
"""Types as ``datasets`` and Arrow write them."""

Type = str | list[str] | list[dict[str, str]]
"""A type, a list of one, or a list of objects."""

FIELDS: dict[str, Type] = {
    "identity": TEXT,
    "platform": TEXT,
    "kind": TEXT,
    "source": TEXT,
    "url": TEXT,
    "title": TEXT,
    "headline": TEXT,
    "text": TEXT,
    "transcript": TEXT,
    "language": TEXT,
    "category": TEXT,
    "subcategory": TEXT,
    "label_source": TEXT,
    "label_model": TEXT,
    "label_score": NUMBER,
    "label_scores": [{"category": TEXT, "score": NUMBER}],
    "quality": NUMBER,
    "quality_reasons": [TEXT],
    "licence": TEXT,
    "published_at": INSTANT,
    "thread": TEXT,
    "group": TEXT,
    "media": [TEXT],
    "media_files": [
        {"key": TEXT, "role": TEXT, "content_type": TEXT, "size": "int64", "source": TEXT}
    ],
    "vector": ["float32"],
}
"""In the order of a record; what is not known is ``""``, null or an empty list."""

"""What a store keeps of an item beside its body, to find it by: one rule for every store."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from items.annotation import QUALITY

if TYPE_CHECKING:
    from storage.store import Row

LONGEST_LANGUAGE = 35
"""Characters (RFC 5646, 4.4.1); pages state any nonsense, which is cut."""


def described(row: Row) -> dict[str, Any]:
    """Return what an item is filtered by, besides what its first version had columns for.

    Args:
        row: The item; one of an older version may lack fields.
    """
    language = row.get("language")
    return {
        "subcategory": row.get("subcategory"),
        "language": language[:LONGEST_LANGUAGE] if language else None,
        "author": row.get("author"),
        "root": row.get("root"),
        "published_at": row.get("published_at"),
        "quality": _quality(row),
    }


def _quality(row: Row) -> float | None:
    for annotation in row.get("annotations") or ():
        if annotation["tool"] == QUALITY and isinstance(annotation["value"], dict):
            score = annotation["value"].get("score")
            # No server takes NaN for a number, and nothing compares to it.
            return float(score) if isinstance(score, int | float) and isfinite(score) else None
    return None

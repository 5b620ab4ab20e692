"""What becomes of a known item when a new copy of it is saved: one rule for every store."""

from __future__ import annotations

from typing import Any

from items.annotation import standing
from items.seed import REVISIT

_KEPT = ("category", "subcategory", "headline", "needs_review", "classified_at", "wanted")
"""What a known item keeps if the new copy was not classified, or by something that knew less."""
_LINEAGE = (
    "depth", "seed", "category_wanted", "wanted", "parent", "found_by", "audio_plan",
)  # fmt: skip
"""What a visit knows nothing of: how the item was first come upon."""


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Lay ``new`` over ``old``; both are what ``Item.to_dict`` gives.

    The smallest depth stays, and so do annotations of other tools and engines, and media files of
    other roles and sources. So does the classification, if the new copy has
    none, or if the old one stands above it: see :func:`items.annotation.standing`. A visit changes
    nothing of how the item was come upon.
    """
    row = new | {"depth": min(old["depth"], new["depth"])}
    if new["seed"] == REVISIT:
        row |= {name: old[name] for name in _LINEAGE if name in old}
    if new["classified_at"] is None or _standing(old) > _standing(new):
        row |= {name: old[name] for name in _KEPT}
    answered = {(a["tool"], a["engine"]) for a in new["annotations"]}
    kept = [a for a in old["annotations"] if (a["tool"], a["engine"]) not in answered]
    there = {(m["role"], m["source"]) for m in new["media_files"]}
    # a body of before media files has none
    files = [m for m in old.get("media_files", []) if (m["role"], m["source"]) not in there]
    return row | {
        "annotations": kept + new["annotations"],
        "media_files": files + new["media_files"],
    }


def _standing(row: dict[str, Any]) -> int:
    return standing(a["tool"] for a in row["annotations"])

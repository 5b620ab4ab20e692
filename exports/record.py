"""One item as a row of a training set. No author: a model needs no names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from items.annotation import CLASSIFY_VIDEO, PERSON

if TYPE_CHECKING:
    from exports.row import Row

Record = dict[str, Any]
UNKNOWN = "unknown"
"""Licence where the source states none: not a permission."""
_LABEL_TOOLS = (PERSON, CLASSIFY_VIDEO, "classify")
"""Who may have set a category; the first one that has counts."""
_TRANSCRIBE = "transcribe"


def to_record(
    row: Row, *, quality: dict[str, Any], group: str, vector: list[float] | None = None
) -> Record:
    """Return an item's row: the names and types of ``exports.fields``, instants as ISO 8601."""
    said = {one.tool: one for one in row.annotations}
    label = next((said[tool] for tool in _LABEL_TOOLS if tool in said), None)
    scores = label.value.get("scores") if label else None
    at, files = row.published_at, row.media_files
    return {
        "identity": row.identity,
        "platform": row.platform,
        "kind": row.kind,
        "source": row.source,
        "url": row.url,
        "title": row.title,
        "headline": row.headline or "",
        "text": row.text,
        "transcript": said[_TRANSCRIBE].value.get("text") or "" if _TRANSCRIBE in said else "",
        "language": row.language or quality["language"],
        "category": row.category,
        "subcategory": row.subcategory or "",
        "label_source": "human" if label and label.tool == PERSON else "model",
        "label_model": f"{label.engine}@{label.version}" if label else "",
        "label_score": label.score if label else None,
        "label_scores": _scores(scores) if scores else [],
        "quality": quality["score"],
        "quality_reasons": [reason["part"] for reason in quality["reasons"]],
        "licence": row.licence or UNKNOWN,
        # fractions are cut off: readers of JSON lines take no others for instants
        "published_at": f"{at[:19]}+00:00" if at else None,
        "thread": row.thread,
        "group": group,
        "media": row.media,
        "media_files": [asdict(file) for file in files] if files else [],
        "vector": vector,
    }


def _scores(scores: dict[str, float]) -> list[dict[str, Any]]:
    return [{"category": str(key), "score": float(score)} for key, score in scores.items()]

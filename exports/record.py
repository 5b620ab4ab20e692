"""One item as a row of a training set. No author: a model needs no names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from items.annotation import CLASSIFY_VIDEO, PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.store import Row

Record = dict[str, Any]
UNKNOWN = "unknown"
"""Licence where the source states none: not a permission."""
_LABEL_TOOLS = (PERSON, CLASSIFY_VIDEO, "classify")
"""Who may have set a category; the first one that has counts."""
_TRANSCRIBE = "transcribe"


def to_record(
    row: Row,
    *,
    quality: dict[str, Any],
    group: str,
    vector_of: Callable[[Row], list[float] | None] | None = None,
) -> Record:
    """Return an item's row: the names and types of ``exports.fields``, instants as ISO 8601."""
    said = {a["tool"]: a for a in row["annotations"]}
    label: dict[str, Any] = next((said[tool] for tool in _LABEL_TOOLS if tool in said), {})
    value = label.get("value", {})
    return {
        "identity": row["identity"],
        "platform": row["platform"],
        "kind": row["kind"],
        "source": source_name(row),
        "url": row["url"],
        "title": row["title"],
        "headline": row["headline"] or "",
        "text": row["text"],
        "transcript": _transcript(said),
        "language": row["language"] or quality["language"],
        "category": row["category"],
        "subcategory": row["subcategory"] or "",
        "label_source": "human" if label.get("tool") == PERSON else "model",
        "label_model": f"{label['engine']}@{label['version']}" if label else "",
        "label_score": label.get("score"),
        "label_scores": [
            {"category": str(key), "score": float(score)}
            for key, score in (value.get("scores") or {}).items()
        ],
        "quality": quality["score"],
        "quality_reasons": [reason["part"] for reason in quality["reasons"]],
        "licence": row.get("licence") or UNKNOWN,
        "published_at": _to_the_second(row["published_at"]),
        "thread": row.get("root") or row["identity"],
        "group": group,
        "media": list(row["media"]),
        "media_files": [
            {name: file[name] for name in ("key", "role", "content_type", "size", "source")}
            for file in row["media_files"]
        ],
        "vector": vector_of(row) if vector_of else None,
    }


def source_name(row: Row) -> str:
    """Return the community, channel or site that it appeared in; empty where none is stated."""
    return str(row.get("community") or row.get("site") or row.get("channel_id") or "")


def _to_the_second(instant: str | None) -> str | None:
    """Cut off fractions: readers of JSON lines take no others for instants."""
    return f"{instant[:19]}+00:00" if instant else None


def _transcript(said: dict[str, dict[str, Any]]) -> str:
    value = said.get(_TRANSCRIBE, {}).get("value", {})
    return str(value.get("text") or "")

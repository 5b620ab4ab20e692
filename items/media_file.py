"""A file in the media store that belongs to an item."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class MediaFile:
    """One file; the newest of a role and a source replaces the older one."""

    key: str
    """SHA-256 of its bytes, 64 hexadecimal digits: its name in the media store."""

    role: str
    """``video``, ``audio``, ``image``, ``vectors``, ``transcript`` or ``vector_graphic``."""

    content_type: str
    """As the bytes show, e.g. ``video/mp4``."""

    size: int
    """Bytes."""

    source: str = ""
    """Address it came from, or key of the file it was made from."""

    facts: dict[str, Any] = field(default_factory=dict)
    """What is in it: of a picture ``width``, ``height``; of a film what ``media.probe`` found."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> MediaFile:
        """Read what :meth:`to_dict` wrote.

        Raises:
            TypeError: A field is missing or unknown.
        """
        return cls(**row)

"""What is said in a sound file of an item, line by line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    start: float
    """Seconds from the beginning of the file."""

    end: float
    """Seconds from the beginning of the file."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The newest of a sound replaces the older one; times of words are in the media store."""

    identity: str
    """Of the item."""

    sound: str
    """Key of the sound file in the media store."""

    language: str
    """ISO 639-1 code of most of it; empty = nobody speaks."""

    lines: tuple[Line, ...]
    """In order of time."""

    engine: str
    """Engine that answered, e.g. ``faster_whisper``; empty = nobody speaks."""

    version: str
    """Version of engine and weights."""

    plan: str
    """What was done with the sound until then, e.g. ``denoise+transcribe``."""

    created_at: str
    """When the engine answered: ISO 8601, UTC."""

    @property
    def text(self) -> str:
        """All lines, parted by spaces."""
        return " ".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

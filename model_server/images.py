"""Pictures as text, for models that read nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True, frozen=True)
class Picture:
    """A small picture written out in hexadecimal digits."""

    text: str
    """The pixels, and the palette if there is one, as lines of text."""
    width: int
    """In pixels, of what the text shows."""
    height: int
    order: str
    """How pixels follow one another: ``rows``, ``columns`` or ``diagonals``."""

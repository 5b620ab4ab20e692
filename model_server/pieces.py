"""What engines of video and sound take and give: pieces of a file, never the whole of it.

A tool cuts a long file and sends the pieces one after the other, so that memory is bounded, callers
take turns, progress is told between pieces, and a call that is cancelled stops there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Frames of one clip: ``(8, 224, 224, 3)``, RGB."""
Vectors = NDArray[np.float32]
Samples = NDArray[np.float32]
"""Sound in [-1, 1]: ``(n,)`` if mono, else ``(channels, n)``."""


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class ClipVectors:
    """What a video engine says of one clip; every vector has L2 norm 1."""

    frames: Vectors
    """``(frames of the clip, dim)``."""
    clip: Vectors
    """``(dim,)``."""
    logits: Vectors
    """``(labels,)``, not normalised."""
    labels: Sequence[str]
    """Name of each logit; the same object for all clips of one engine."""


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class SoundPiece:
    """A piece of a sound file."""

    samples: Samples
    rate: int
    """Samples a second."""
    language: str | None = None
    """ISO 639-1 code; ``None`` = the engine finds it out."""
    word_times: bool = False
    """Whether each word's time is wanted."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Word:
    """One word, with its time in seconds from the beginning of the piece."""

    text: str
    start: float
    end: float


@dataclass(slots=True, kw_only=True, frozen=True)
class Segment:
    """One line of speech, with its time in seconds from the beginning of the piece."""

    text: str
    start: float
    end: float
    words: Sequence[Word] = ()


@dataclass(slots=True, kw_only=True, frozen=True)
class Speech:
    """What was said in one piece."""

    segments: Sequence[Segment] = field(default_factory=tuple)
    language: str = ""
    """ISO 639-1 code; empty = nothing was said."""
    language_score: float = 0.0
    """How sure the engine is of the language, in [0, 1]."""

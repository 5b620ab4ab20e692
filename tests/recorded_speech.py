"""Recorded sentences and what is said in them (``tests/sound/SOURCE.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "sound"
RATE = 16_000


@dataclass(slots=True, frozen=True, eq=False)
class Sentence:
    """One of them."""

    text: str
    samples: np.ndarray


def sentences() -> list[Sentence]:
    """All of them, in order; 25 seconds."""
    import soundfile

    return [
        Sentence(
            path.with_suffix(".txt").read_text("utf-8").strip(),
            soundfile.read(path, dtype="float32")[0],
        )
        for path in sorted(FOLDER.glob("*.flac"))
    ]


def spoken(pause_seconds: float = 0.7, times: int = 1) -> Sentence:
    """All of them one after the other, ``times`` times."""
    pause = np.zeros(int(pause_seconds * RATE), np.float32)
    found = sentences() * times
    samples = [part for one in found for part in (one.samples, pause)]
    return Sentence(" ".join(one.text for one in found), np.concatenate(samples))


def save(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """Write ``(n,)`` or ``(channels, n)``; the kind of file follows the name."""
    import soundfile

    soundfile.write(path, samples.T, rate)
    return path


def word_errors(reference: str, heard: str) -> float:
    """Share of words that are wrong, without case and punctuation."""
    from model_server.audio.word_errors import word_error_rate  # noqa: PLC0415 - it needs jiwer

    return word_error_rate([reference], [heard])

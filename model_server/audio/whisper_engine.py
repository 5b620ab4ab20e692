"""What the engines that run Whisper share: options, and pieces in and out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from model_server.audio.resample import resample, with_channels
from model_server.audio.windows import RATE
from model_server.engine import Engine, EngineOptions
from model_server.pieces import SoundPiece, Speech


class WhisperOptions(EngineOptions):
    """What an operator may tell either of them."""

    model: str
    """Which Whisper: a path, or a name such as ``large-v2``."""
    device: str = "auto"
    """``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    beam_size: int = Field(5, ge=1)
    """Transcripts tried side by side; 1 = quicker and a little worse."""
    threads: int = Field(0, ge=0)
    """Cores that it computes on; 0 = all of them."""
    max_batch: int = Field(4, ge=1)
    """Windows of 30 seconds that it takes at once; they run one after the other."""
    max_wait_seconds: float = Field(600.0, gt=0)
    """Whisper is slow where it runs on a CPU: who waits so long is not told to come back."""


class WhisperEngine(Engine):
    """Hears one window after the other."""

    Options: ClassVar[type[EngineOptions]] = WhisperOptions
    main_option: ClassVar[str] = "model"
    options: WhisperOptions

    @abstractmethod
    def hear(self, piece: SoundPiece) -> Speech:
        """Return what is said in ``piece``: mono, 16,000 samples a second, at most 30 s."""

    def transcribe(self, pieces: Sequence[SoundPiece]) -> list[Speech]:
        """See :meth:`Engine.transcribe`."""
        return [self._cleaned(self.hear(_fit(piece))) for piece in pieces]

    def cost(self, given: Any) -> int:
        """See :meth:`Engine.cost`; each window costs the same, however much is said in it."""
        return 1

    def warm_up(self) -> None:
        """Hear a second of silence: what is slow the first time is slow now."""
        self.hear(SoundPiece(samples=np.zeros(RATE, np.float32), rate=RATE))

    @staticmethod
    def _cleaned(speech: Speech) -> Speech:
        """Drop lines without a letter or a digit, such as ``...``, which Whisper gives to noise."""
        said = [s for s in speech.segments if any(c.isalnum() for c in s.text)]
        if not said:
            return Speech()
        return replace(speech, segments=said)


def _fit(piece: SoundPiece) -> SoundPiece:
    mono = with_channels(piece.samples, 1)[0]
    return replace(piece, samples=resample(mono, piece.rate, RATE), rate=RATE)

"""How much of a sound is speech, music and neither: from the energies of its stems.

A stem of instruments is music. What is left over (``accompaniment``, ``other``) is music as far as
it has pitch: in each frame, bins that stand out of their neighbours (by :data:`STANDS_OUT` times
their median) are tones. Where they hold more than half of its energy it counts as music, else as
noise. Voices are ``speech``, singing too: a separator does not tell them apart.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from model_server.pieces import Samples
from model_server.sound_schema import SoundShares

VOICES = frozenset({"vocals", "speech", "voice"})
INSTRUMENTS = frozenset({"drums", "bass", "guitar", "piano"})
STANDS_OUT = 6.0
FRAME = 4096
LOWEST_BIN = 14
NEIGHBOURS = 31


class ShareCounter:
    """Adds up the energies of stems, block by block."""

    def __init__(self) -> None:
        self._speech = self._music = self._other = 0.0

    def add(self, name: str, samples: Samples) -> None:
        """Count a block of the stem ``name``, ``(n,)`` or ``(channels, n)`` at 44.1 kHz."""
        energy = float(np.square(samples, dtype=np.float64).sum())
        if name in VOICES:
            self._speech += energy
        elif name in INSTRUMENTS:
            self._music += energy
        else:
            tonal = energy * tonal_share(np.atleast_2d(samples).mean(axis=0))
            self._music += tonal
            self._other += energy - tonal

    def finish(self) -> SoundShares:
        """Return the shares; all 0 for silence."""
        total = (self._speech + self._music + self._other) or 1.0
        return SoundShares(
            speech=round(self._speech / total, 4),
            music=round(self._music / total, 4),
            other=round(self._other / total, 4),
        )


def tonal_share(samples: Samples) -> float:
    """Return the share of a mono sound's energy in frames that have pitch, in [0, 1]."""
    count = len(samples) // FRAME
    if not count:
        return 0.0
    frames = samples[: count * FRAME].reshape(count, FRAME)
    energies = np.square(frames, dtype=np.float64).sum(axis=1)
    spectra = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)))
    tonal = np.array([_has_pitch(spectrum) for spectrum in spectra])
    return float(energies[tonal].sum() / (energies.sum() or 1.0))


def _has_pitch(spectrum: NDArray[np.float64]) -> bool:
    windows = sliding_window_view(np.pad(spectrum, NEIGHBOURS // 2, mode="reflect"), NEIGHBOURS)
    around = np.median(windows, axis=1)
    heard, around = spectrum[LOWEST_BIN:], around[LOWEST_BIN:]
    total = heard.sum()
    return bool(total > 0 and heard[heard > STANDS_OUT * around].sum() > total / 2)

"""Write sound block by block, and measure it: its loudness is known only at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_server.audio.weights import require
from model_server.pieces import Samples

_BLOCK = 1 << 18


class SoundSink:
    """Floats on disk while it is being written, FLAC of 16 bits in the end."""

    def __init__(self, path: Path, *, rate: int, channels: int) -> None:
        """Open the file.

        Args:
            path: Where the floats go, for as long as this is written.
            rate: Samples a second.
            channels: 1 or 2.

        Raises:
            EngineError: ``soundfile`` is not installed.
        """
        require("soundfile")
        import soundfile

        self._path, self.rate, self.channels = path, rate, channels
        self._file: Any = soundfile.SoundFile(
            path, "w", samplerate=rate, channels=channels, format="RF64", subtype="FLOAT"
        )
        self.count = 0
        """Samples of one channel."""
        self.energy = 0.0
        """Sum of the squares of all samples."""
        self.peak = 0.0
        """Largest sample, without its sign."""

    def add(self, samples: Samples) -> None:
        """Write ``(n,)`` or ``(channels, n)``."""
        if samples.shape[-1]:
            self._file.write(samples.T)
            self.count += samples.shape[-1]
            self.energy += float(np.square(samples, dtype=np.float64).sum())
            self.peak = max(self.peak, float(np.abs(samples).max()))

    def finish(self, path: Path, *, gain: float = 1.0) -> Path:
        """Write the FLAC file; it is made quieter where it would be louder than can be written."""
        import soundfile

        self._file.close()
        gain /= max(1.0, self.peak * abs(gain))
        told = {"samplerate": self.rate, "channels": self.channels}
        with (
            soundfile.SoundFile(self._path) as given,
            soundfile.SoundFile(path, "w", format="FLAC", subtype="PCM_16", **told) as file,
        ):
            for block in given.blocks(blocksize=_BLOCK, dtype="float32"):
                file.write(block * gain)
        self._path.unlink()
        return path

    def close(self) -> None:
        """Give up; harmless after :meth:`finish`."""
        self._file.close()

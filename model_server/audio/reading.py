"""The sound of a file as samples, block by block, decoded in a limited process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from media.probe import probe
from media.sandbox import Limits, stream
from model_server.pieces import Samples

LIMITS = Limits(cpu_seconds=3600, wall_seconds=3600, output_bytes=64 * 2**30)
"""Ten hours of stereo at 44.1 kHz are 13 GB of samples; they are never held at once."""


def read_sound(path: Path, *, rate: int, channels: int) -> Iterator[Samples]:
    """Yield blocks of some seconds.

    Args:
        path: A file with sound, of any kind that FFmpeg's libraries know.
        rate: Samples a second wanted.
        channels: 1 or 2.

    Returns:
        ``(n,)`` for one channel, else ``(2, n)``; in [-1, 1], or a little beyond.

    Raises:
        MediaRefusedError: There is no sound, it is broken, or a limit was passed.
    """
    with stream("media.inside.samples:samples", path, rate, channels, limits=LIMITS) as answers:
        for answer in answers:
            data = np.asarray(answer.data, np.float32)
            yield data if channels == 1 else np.ascontiguousarray(data.reshape(-1, channels).T)


class Counted:
    """Blocks, and how many samples they were so far."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self.count = 0
        """Samples of one channel."""

    def __iter__(self) -> Iterator[Samples]:
        for block in self._blocks:
            self.count += block.shape[-1]
            yield block


async def length_of(path: Path) -> float | None:
    """Return how long the file claims to be in seconds, if it claims anything.

    Raises:
        MediaRefusedError: It is no media file.
    """
    return (await asyncio.to_thread(probe, path)).duration_seconds

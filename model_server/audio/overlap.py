"""Cut a stream of sound into pieces that overlap, and fade what comes back into one again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from model_server.pieces import Samples


def cut(blocks: Iterable[Samples], *, length: int, overlap: int) -> Iterator[Samples]:
    """Yield pieces of ``length`` samples; each begins ``overlap`` before the end of the last one.

    Args:
        blocks: ``(n,)`` or ``(channels, n)``, of any lengths.
        length: Samples of a piece; the last one is shorter, but longer than ``overlap`` unless it
            is the only one.
        overlap: Samples that two neighbours share; less than ``length``.
    """
    held: Samples | None = None
    new = 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=-1)
        new += block.shape[-1]
        while held.shape[-1] >= length:
            yield held[..., :length].copy()
            held = held[..., length - overlap :]
            new = held.shape[-1] - overlap
    if held is not None and new > 0:
        yield held.copy()


class Fader:
    """Takes the pieces in order and gives the sound back, each sample once."""

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap
        self._tail: Samples | None = None

    def add(self, piece: Samples) -> Samples:
        """Return the samples that are settled now."""
        if self._tail is not None:
            shared = self._tail.shape[-1]
            rising = np.linspace(0, 1, shared + 2, dtype=np.float32)[1:-1]
            piece = piece.copy()
            piece[..., :shared] = piece[..., :shared] * rising + self._tail * rising[::-1]
        settled = max(0, piece.shape[-1] - self._overlap)
        self._tail = piece[..., settled:]
        return piece[..., :settled]

    def finish(self) -> Samples:
        """Return the rest."""
        return np.zeros(0, np.float32) if self._tail is None else self._tail

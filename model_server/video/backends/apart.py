"""Clips computed one for one: a network exported for one clip takes no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from model_server.pieces import Pixels, Vectors
from model_server.video.backends.backend import Computed


def apart(clips: Sequence[Pixels]) -> Iterator[Pixels]:
    """Yield each clip as a batch of its own, ``(1, 8, 224, 224, 3)``."""
    for clip in clips:
        yield np.ascontiguousarray(clip[None])


def joined(rows: Iterable[Sequence[Vectors]]) -> Computed:
    """Return frames, clips and logits of several batches as those of one."""
    frames, clips, logits = (np.concatenate(column) for column in zip(*rows, strict=True))
    return Computed(frames=frames, clips=clips, logits=logits)

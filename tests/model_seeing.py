"""The echo engine with eyes: vectors that can be told from the pixels, and doors for tests."""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np

from model_server.likeness.prototypes import unit
from model_server.pieces import ClipVectors
from tests.model_echo import EchoEngine

LABELS = ("dark", "red", "green", "blue")


class SeeingEngine(EchoEngine):
    """Vector of a frame: its mean colour and how bright it is; a black clip crashes it."""

    name: ClassVar[str] = "seeing"
    readers = 3

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.begun = self.clips = 0
        self.open = threading.Event()
        """Every clip waits for it."""
        self.open.set()

    def cost(self, given):
        return 1 if isinstance(given, np.ndarray) else super().cost(given)

    def vectorize_video(self, clips):
        return [self._see(clip) for clip in clips]

    def _see(self, clip):
        assert (clip.shape, clip.dtype) == ((8, 224, 224, 3), np.uint8)
        self.begun += 1
        assert self.open.wait(120)
        self.clips += 1
        means = clip.mean(axis=(1, 2), dtype=np.float64) / 255
        if not means.any():
            raise RuntimeError("a secret of the server")
        rows = np.concatenate([1 - means.max(axis=1, keepdims=True), means], axis=1)
        vectors = unit(rows.astype(np.float32))
        mean = unit(vectors.mean(axis=0)[None])[0]
        return ClipVectors(frames=vectors, clip=mean, logits=10 * mean, labels=LABELS)

"""What computes vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Texts to unit vectors; used in one thread at a time."""

    @property
    def name(self) -> str:
        """Backend and version, e.g. ``openvino-2026.4.1``."""

    @property
    def weights(self) -> str:
        """Whose weights: vectors of two encoders with the same weights may be compared."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows, shape ``(len(texts), 384)``, in order."""

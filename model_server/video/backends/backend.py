"""What computes clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model_server.pieces import Vectors


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class Computed:
    """What the network says of clips, before anything is normalised; float32."""

    frames: Vectors
    """``(clips, 8, dim)``: mean over the patches of each frame."""
    clips: Vectors
    """``(clips, dim)``: the class token."""
    logits: Vectors
    """``(clips, labels)``."""


class Backend(Protocol):
    """One way to compute them."""

    name: str
    """Runtime, its version and precision: ``onnxruntime-1.32.0-int8``."""
    batch: int
    """Clips that it is worth running at once."""

    def run(self, clips: NDArray[np.uint8]) -> Computed:
        """Compute ``(clips, 8, 224, 224, 3)``."""

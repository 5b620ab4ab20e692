"""What computes clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model_server.pieces import Pixels, Vectors


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
    readers: int
    """Decoders, of a core each, that keep up with it."""

    def run(self, clips: Sequence[Pixels]) -> Computed:
        """Compute clips, each ``(8, 224, 224, 3)`` uint8."""

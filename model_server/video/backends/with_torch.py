"""torch: the reference in float32, bfloat16 where it pays, and every GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch  # noqa: TID253 - imported where torch is needed

from gleanery.errors import EngineError
from model_server.cores import cores
from model_server.pieces import Pixels
from model_server.video.backends.apart import joined
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint
from model_server.video.gpu_network import GpuNetwork
from model_server.video.network import load_network

GPU_BATCH = 32
FIRST, PART = 4, 14
"""Clips that are soon copied, and as many as keep a GPU busy while the next ones are."""


class TorchBackend:
    """See :class:`Backend`."""

    def __init__(self, checkpoint: Checkpoint, *, device: str, dtype: str) -> None:
        """Load the network.

        Args:
            checkpoint: Found before.
            device: ``auto``, ``cpu``, ``cuda:1`` …
            dtype: ``auto`` (bfloat16 on a GPU, else float32), ``float32``, ``bfloat16``.

        Raises:
            EngineError: There is no such device, or the weights cannot be loaded.
        """
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._gpu = not name.startswith("cpu")
        if dtype == "auto":
            dtype = "bfloat16" if self._gpu else "float32"
        network = load_network(checkpoint)
        network.model.to(getattr(torch, dtype))
        try:
            self._device = torch.device(name)
            self._network = (GpuNetwork(network.model) if self._gpu else network).to(self._device)
        except (RuntimeError, AssertionError) as error:
            raise EngineError(f"no device {name}: {error}") from error
        self.name = f"torch-{torch.__version__}-{dtype}-{self._device.type}"
        self.batch = GPU_BATCH if self._gpu else 1
        self.readers = cores() if self._gpu else 1

    def run(self, clips: Sequence[Pixels]) -> Computed:
        """See :class:`Backend`."""
        with torch.inference_mode():
            # A GPU computes the first part while the second one is copied to it.
            parts = [self._network(self._there(part)) for part in _parts(clips)]
            return joined([[tensor.cpu().numpy() for tensor in part] for part in parts])

    def _there(self, clips: Sequence[Pixels]) -> Any:
        """Return clips in the device's memory; from pinned memory nobody waits for the copy."""
        given = torch.empty((len(clips), *clips[0].shape), dtype=torch.uint8, pin_memory=self._gpu)
        np.stack(clips, out=given.numpy())
        return given.to(self._device, non_blocking=True)


def _parts(clips: Sequence[Pixels]) -> Iterator[Sequence[Pixels]]:
    yield clips[:FIRST]
    for n in range(FIRST, len(clips), PART):
        yield clips[n : n + PART]

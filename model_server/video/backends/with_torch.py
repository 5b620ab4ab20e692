"""torch: the reference in float32, bfloat16 where it pays, and every GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch  # noqa: TID253 - imported where torch is needed
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint
from model_server.video.network import load_network

GPU_BATCH = 32


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
        if dtype == "bfloat16":
            network.model.to(torch.bfloat16)
        try:
            self._device = torch.device(name)
            self._network = network.to(self._device)
        except (RuntimeError, AssertionError) as error:
            raise EngineError(f"no device {name}: {error}") from error
        self.name = f"torch-{torch.__version__}-{dtype}-{self._device.type}"
        self.batch = GPU_BATCH if self._gpu else 1

    def run(self, clips: NDArray[np.uint8]) -> Computed:
        """See :class:`Backend`."""
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(clips))
            if self._gpu:  # from pinned memory the copy does not hold up what is computed
                given = given.pin_memory().to(self._device, non_blocking=True)
            frames, clip, logits = self._network(given)
            return Computed(frames=_array(frames), clips=_array(clip), logits=_array(logits))


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.cpu().numpy(), dtype=np.float32)

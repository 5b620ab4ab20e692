"""ONNX Runtime in 8 bits: weights once, activations as they come."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_server.cores import cores
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint
from model_server.video.export import INPUT, export_onnx, kept


class OnnxBackend:
    """See :class:`Backend`."""

    batch = 1

    def __init__(self, checkpoint: Checkpoint, *, cache: Path, threads: int = 0) -> None:
        """Export and quantise once, then load.

        Args:
            checkpoint: Found before.
            cache: Folder of all that is dear to compute.
            threads: 0 = as many as this process has cores.

        Raises:
            EngineError: It cannot be exported.
            ImportError: ONNX Runtime is not installed.
        """
        import onnxruntime

        packages = ("onnxruntime", "transformers", "torch")
        folder = kept(cache, checkpoint, "int8", packages, lambda new: _make(checkpoint, new))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        self._session: Any = onnxruntime.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.name = f"onnxruntime-{onnxruntime.__version__}-int8"

    def run(self, clips: NDArray[np.uint8]) -> Computed:
        """See :class:`Backend`."""
        return one_by_one(clips, lambda clip: self._session.run(None, {INPUT: clip}))


def one_by_one(clips: NDArray[np.uint8], run: Any) -> Computed:
    """Compute each clip alone: on a CPU more at once gain nothing."""
    rows = [run(np.ascontiguousarray(clip[None])) for clip in clips]
    frames, clip, logits = (np.concatenate(column) for column in zip(*rows, strict=True))
    return Computed(frames=frames, clips=clip, logits=logits)


def _make(checkpoint: Checkpoint, folder: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = folder / "whole.onnx"
    export_onnx(checkpoint, whole)
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it advises, on the root logger, what does not help here
    try:
        quantize_dynamic(
            whole,
            folder / "model.onnx",
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Without VNNI products are summed in 16 bits and would overflow with 8-bit weights.
            reduce_range=True,
        )
    finally:
        logger.setLevel(level)
    whole.unlink()

"""ONNX Runtime in 8 bits: weights once, activations as they come."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from model_server.cores import cores
from model_server.pieces import Pixels, Vectors
from model_server.video.backends.apart import apart, joined
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint
from model_server.video.export import INPUT, export_onnx, kept

THREADS_A_CLIP = 2
"""Sixteen cores compute one clip in 0.23 s, eight side by side in 1 s: what lies between the
products does not gain from more threads."""
MOST_AT_ONCE = 8
"""Each takes about 240 MB."""
CORES_A_READER = 4
"""So many cores compute no more than one core decodes of 360p, however noisy it is."""


class OnnxBackend:
    """See :class:`Backend`."""

    def __init__(self, checkpoint: Checkpoint, *, cache: Path, threads: int = 0) -> None:
        """Export and quantise once, then load.

        Args:
            checkpoint: Found before.
            cache: Folder of all that is dear to compute.
            threads: In all; 0 = as many as this process has cores.

        Raises:
            EngineError: It cannot be exported.
            ImportError: ONNX Runtime is not installed.
        """
        import onnxruntime

        packages = ("onnxruntime", "transformers", "torch")
        folder = kept(cache, checkpoint, "int8", packages, lambda new: _make(checkpoint, new))
        threads = threads or cores()
        self.batch = min(MOST_AT_ONCE, max(1, threads // THREADS_A_CLIP))
        self.readers = max(1, threads // CORES_A_READER)
        self._pool = ThreadPoolExecutor(self.batch, "timesformer")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if self.batch > 1:  # who waits for work would take the core of one that has some
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.name = f"onnxruntime-{onnxruntime.__version__}-int8"

    def run(self, clips: Sequence[Pixels]) -> Computed:
        """See :class:`Backend`."""
        return joined(self._pool.map(self._compute, apart(clips)))

    def _compute(self, clip: Pixels) -> list[Vectors]:
        found: list[Vectors] = self._session.run(None, {INPUT: clip})
        return found


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

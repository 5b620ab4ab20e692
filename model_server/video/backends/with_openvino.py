"""OpenVINO: bfloat16 where the processor multiplies it, else float32."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from gleanery.errors import EngineError
from model_server.cores import cores
from model_server.pieces import Pixels, Vectors
from model_server.video.backends.apart import apart, joined
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint
from model_server.video.export import INPUT, OUTPUTS, export_onnx, kept


class OpenVinoBackend:
    """See :class:`Backend`."""

    batch = 1
    readers = 1

    def __init__(self, checkpoint: Checkpoint, *, cache: Path, threads: int = 0) -> None:
        """Export once, then compile.

        Args:
            checkpoint: Found before.
            cache: Folder of all that is dear to compute.
            threads: 0 = as many as this process has cores.

        Raises:
            EngineError: It cannot be exported or compiled.
            ImportError: OpenVINO is not installed.
        """
        from model_server.likeness.encoders.runtime import openvino  # noqa: PLC0415 - an extra

        packages = ("transformers", "torch")
        folder = kept(
            cache,
            checkpoint,
            "onnx",
            packages,
            lambda new: export_onnx(checkpoint, new / "model.onnx"),
        )
        try:
            core = openvino.Core()
            bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            options = {
                "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
                "INFERENCE_NUM_THREADS": threads or cores(),
                "PERFORMANCE_HINT": "LATENCY",
            }
            self._run = core.compile_model(folder / "model.onnx", "CPU", options)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO does not run on this machine: {error}") from error
        self.name = f"openvino-{version('openvino')}-{'bf16' if bf16 else 'f32'}"

    def run(self, clips: Sequence[Pixels]) -> Computed:
        """See :class:`Backend`."""

        def one(clip: Pixels) -> list[Vectors]:
            answers = self._run({INPUT: clip})
            return [answers[name] for name in OUTPUTS]

        return joined(map(one, apart(clips)))

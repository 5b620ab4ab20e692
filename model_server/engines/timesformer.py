"""TimeSformer: clips of 8 frames to vectors and labels. See docs/timesformer.md."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from gleanery.errors import EngineError
from model_server.engine import Engine, EngineOptions
from model_server.likeness.prototypes import unit
from model_server.pieces import ClipVectors, Pixels, Vectors
from model_server.video.backends.backend import Backend, Computed
from model_server.video.checkpoint import Checkpoint, find_checkpoint
from model_server.video.export import pattern, reference

logger = logging.getLogger(__name__)

HUB_NAME = "facebook/timesformer-base-finetuned-k400"
TOKENS = 1 + 14 * 14 * 8
"""Of a clip: the class token and one for each patch of each frame."""
MIN_COSINE = 0.998
"""Likeness of a runtime's vectors to torch's in float32, below which it is not used."""

_Way = Literal["onnx", "openvino", "torch"]


class TimesformerOptions(EngineOptions):
    """What an operator may tell it."""

    model: str = HUB_NAME
    """Folder of a checkpoint (config.json and weights), or its name on the hub."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a commit makes sure that nothing changes unseen."""
    backend: Literal["auto", "onnx", "openvino", "torch"] = "auto"
    """What computes; ``auto`` = torch where there is a GPU, else the first of onnx (int8),
    openvino (bf16) and torch that is installed and passes the self-test."""
    device: str = "auto"
    """For torch: ``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """For torch: ``auto`` = bfloat16 on a GPU, else float32."""
    threads: int = Field(0, ge=0)
    """For onnx and openvino; 0 = as many as this process has cores."""
    max_batch: int = Field(32, ge=1, le=64)
    """Clips that run at once on a GPU; on a CPU it is one for two cores, and eight at most."""
    max_batch_tokens: int = Field(32 * TOKENS, gt=0)
    """A clip has 1,569."""
    max_wait_seconds: float = Field(3600.0, gt=0)
    """Clips of several videos wait for one another longer than documents do."""


class TimesformerEngine(Engine):
    """Vectors of frames, clips and, with the tools, whole videos."""

    name: ClassVar[str] = "timesformer"
    Options: ClassVar[type[EngineOptions]] = TimesformerOptions
    main_option: ClassVar[str] = "model"
    options: TimesformerOptions

    @property
    def version(self) -> str:
        found = self._checkpoint
        return f"{found.name}/{found.digest[:12]}/{self._backend.name}"

    def load(self) -> None:
        """See :meth:`Engine.load`; exports at the first start, which takes a minute or two."""
        told = self.options
        self._checkpoint = find_checkpoint(told.model, told.revision)
        self._ways = iter(self._order())
        self._next_backend()

    def self_test(self) -> None:
        """Compare with torch in float32 on a clip that is always the same.

        Raises:
            EngineError: The vectors are too far from its, and there is nothing else to compute by.
        """
        while (least := self._likeness()) < MIN_COSINE:
            told = f"{self._backend.name}: cosine {least:.4f} to torch, {MIN_COSINE} is the least"
            if self.options.backend != "auto":
                raise EngineError(told)
            logger.warning("Not used: %s", told)
            self._next_backend()

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self.__dict__.pop("_backend", None)

    def cost(self, given: Any) -> int:
        """See :meth:`Engine.cost`: what is worth running at once fills a batch."""
        return max(TOKENS, self.options.max_batch_tokens // self._backend.batch)

    @property
    def readers(self) -> int:
        """See :attr:`Engine.readers`."""
        return self._backend.readers

    def vectorize_video(self, clips: Sequence[Pixels]) -> list[ClipVectors]:
        """See :meth:`Engine.vectorize_video`."""
        computed = self._backend.run(clips)
        frames, whole = unit(computed.frames), unit(computed.clips)
        return [
            ClipVectors(
                frames=frames[n],
                clip=whole[n],
                logits=computed.logits[n],
                labels=self._checkpoint.labels,
            )
            for n in range(len(clips))
        ]

    def _likeness(self) -> float:
        found = self._backend.run(list(pattern()))
        return likeness(found, reference(self.cache, self._checkpoint))

    def _order(self) -> Sequence[_Way]:
        if self.options.backend != "auto":
            return [self.options.backend]
        return ["torch"] if has_gpu() else ["onnx", "openvino", "torch"]

    def _next_backend(self) -> None:
        """Make the next way that runs here.

        Raises:
            EngineError: There is none left; the message says why the last one did not run.
        """
        missing = "nothing is left to compute by"
        for way in self._ways:
            try:
                self._backend: Backend = make_backend(way, self._checkpoint, self)
            except (ImportError, EngineError) as error:
                missing = f"backend {way}: {error}"
                if isinstance(error, ImportError):
                    missing += " (pip install 'gleanery[models]', for openvino gleanery[fast])"
                logger.info("Not used: %s", missing)
            else:
                return
        raise EngineError(missing)


def make_backend(way: _Way, checkpoint: Checkpoint, engine: TimesformerEngine) -> Backend:
    """Return what computes, loaded.

    Raises:
        ImportError: A library is not installed.
        EngineError: It does not run here.
    """
    told, cache = engine.options, engine.cache
    if way == "onnx":
        from model_server.video.backends.with_onnx import OnnxBackend  # noqa: PLC0415

        return OnnxBackend(checkpoint, cache=cache, threads=told.threads)
    if way == "openvino":
        from model_server.video.backends.with_openvino import OpenVinoBackend  # noqa: PLC0415

        return OpenVinoBackend(checkpoint, cache=cache, threads=told.threads)
    from model_server.video.backends.with_torch import TorchBackend  # noqa: PLC0415

    return TorchBackend(checkpoint, device=told.device, dtype=told.dtype)


def likeness(one: Computed, other: Computed) -> float:
    """Return the least cosine of their vectors: of every frame, of the clip, of the logits."""
    pairs: Iterator[tuple[Vectors, Vectors]] = iter(
        [(one.frames, other.frames), (one.clips, other.clips), (one.logits, other.logits)]
    )
    return min(float((unit(a) * unit(b)).sum(axis=-1).min()) for a, b in pairs)


def has_gpu() -> bool:
    """Whether torch is installed and finds a GPU; does not import it in vain."""
    devices = ("nvidia[0-9]*", "kfd", "dxg")  # NVIDIA, AMD, Windows' subsystem
    here = sys.platform != "linux" or any(any(Path("/dev").glob(name)) for name in devices)
    if not here or find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())

"""Conv-TasNet: takes noise away from speech, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from gleanery.errors import EngineError
from model_server.audio import conv_tasnet as network
from model_server.audio.conv_tasnet_names import read_checkpoint
from model_server.audio.resample import resample, with_channels
from model_server.audio.weights import existing_file, fingerprint, require
from model_server.engine import Engine, EngineOptions
from model_server.pieces import Samples, SoundPiece


class ConvTasnetOptions(EngineOptions):
    """What an operator may tell it."""

    model: str
    """Checkpoint of asteroid or torchaudio: ``.pt``, ``.pth``, ``.bin``, ``.ckpt``, safetensors."""
    rate: int = Field(0, ge=0)
    """Samples a second that it was trained at; 0 = as the checkpoint says, else 16,000."""
    blocks: int = Field(0, ge=0)
    """Blocks in a repeat (X); 0 = as the checkpoint says, else 8."""
    mask: Literal["", "sigmoid", "relu", "softmax", "linear"] = ""
    """What bounds the masks; empty = as the checkpoint says, else sigmoid."""
    source: int = Field(-1, ge=-1)
    """Which of its sources is the speech, from 0 on; -1 = all together, for those that part
    speakers."""
    device: str = "auto"
    """``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    max_batch: int = Field(8, ge=1)
    """Pieces of some seconds that it takes at once; they run one after the other."""
    max_wait_seconds: float = Field(600.0, gt=0)
    """It is slow where it runs on a CPU: who waits so long is not told to come back."""


class ConvTasnetEngine(Engine):
    """Enhancement checkpoints (one source) and those that part speakers (two and more)."""

    name: ClassVar[str] = "conv_tasnet"
    Options: ClassVar[type[EngineOptions]] = ConvTasnetOptions
    main_option: ClassVar[str] = "model"
    options: ConvTasnetOptions

    @property
    def version(self) -> str:
        weights = f"{Path(self.options.model).name}-{self._digest}"
        return f"conv_tasnet/torch-{installed('torch')}/{weights}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("torch")
        import torch

        told = self.options
        file = existing_file(told.model)
        weights, self._shape, rate = read_checkpoint(file)
        self._shape = replace(
            self._shape,
            blocks=told.blocks or self._shape.blocks,
            mask=told.mask or self._shape.mask,
        )
        self._rate = told.rate or rate or 16_000
        self._digest = fingerprint(file)
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = chosen if told.device == "auto" else told.device
        self._weights: dict[str, Any] = {
            name: x.to(self._device).contiguous() for name, x in weights.items()
        }
        if told.source >= (count := network.sources_of(weights)):
            raise EngineError(
                f"{file} gives {count} sources, there is none of number {told.source}"
            )
        self._clean(np.zeros(self._rate, np.float32))

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._weights = {}

    def cost(self, given: Any) -> int:
        """See :meth:`Engine.cost`."""
        return 1

    def denoise(self, pieces: Sequence[SoundPiece]) -> list[Samples]:
        """See :meth:`Engine.denoise`."""
        return [self._one(piece) for piece in pieces]

    def _one(self, piece: SoundPiece) -> Samples:
        mono = with_channels(piece.samples, 1)[0]
        clean = self._clean(resample(mono, piece.rate, self._rate))
        back = resample(clean, self._rate, piece.rate)[: len(mono)]
        return np.pad(back, (0, len(mono) - len(back)))

    def _clean(self, samples: Samples) -> Samples:
        import torch

        with torch.inference_mode():
            sound = torch.from_numpy(np.ascontiguousarray(samples)).to(self._device)
            sources = network.separate(self._weights, self._shape, sound)
            source = self.options.source
            speech = sources.sum(0) if source < 0 else sources[source]
            return np.asarray(speech.cpu().numpy(), np.float32)

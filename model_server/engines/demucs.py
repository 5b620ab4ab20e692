"""Demucs: parts a sound into voices, drums, bass and more (``demucs-infer``)."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from fractions import Fraction
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gleanery.errors import EngineError
from model_server.audio.resample import resample, with_channels
from model_server.audio.weights import existing_file, fingerprint, is_path, require
from model_server.engine import Engine, EngineOptions
from model_server.pieces import Samples, SoundPiece


class DemucsOptions(EngineOptions):
    """What an operator may tell it."""

    model: str
    """File ``.th`` or ``.safetensors``, or a name such as ``htdemucs_6s``: fetched, once."""
    device: str = "auto"
    """``auto`` = a GPU if there is one, else ``cpu``; or ``cuda:1`` and the like."""
    overlap: float = Field(0.25, ge=0, lt=1)
    """Share by which neighbouring segments overlap; more is slower and a little smoother."""
    max_batch: int = Field(2, ge=1)
    """Pieces of half a minute that it takes at once; they run one after the other."""
    max_wait_seconds: float = Field(1800.0, gt=0)
    """It is slow where it runs on a CPU: who waits so long is not told to come back."""


class DemucsEngine(Engine):
    """4 stems (drums, bass, other, vocals), 6 with guitar and piano, or what a file has."""

    name: ClassVar[str] = "demucs"
    Options: ClassVar[type[EngineOptions]] = DemucsOptions
    main_option: ClassVar[str] = "model"
    options: DemucsOptions

    @property
    def version(self) -> str:
        library = f"demucs-infer-{installed('demucs-infer')}"
        return f"{library}/{Path(self.options.model).name}-{self._digest}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("demucs_infer")
        import torch

        model = self.options.model
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = chosen if self.options.device == "auto" else self.options.device
        if is_path(model):
            file = existing_file(model, ".th", ".safetensors")
            self._digest, network = fingerprint(file), _from_file(file)
        else:
            self._digest, network = "named", _from_name(model)
        self._network: Any = network.eval()
        self._one(SoundPiece(samples=np.zeros((2, network.samplerate), np.float32), rate=44_100))

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._network = None
        gc.collect()  # modules of torch refer to one another in circles

    def cost(self, given: Any) -> int:
        """See :meth:`Engine.cost`."""
        return 1

    def separate(self, pieces: Sequence[SoundPiece]) -> list[dict[str, Samples]]:
        """See :meth:`Engine.separate`."""
        return [self._one(piece) for piece in pieces]

    def _one(self, piece: SoundPiece) -> dict[str, Samples]:
        import torch
        from demucs_infer.apply import apply_model

        network, rate = self._network, int(self._network.samplerate)
        mix = resample(with_channels(piece.samples, network.audio_channels), piece.rate, rate)
        # As its makers do: the network expects sound of mean 0 and deviation 1.
        mono = mix.mean(axis=0)
        mean, deviation = float(mono.mean()), float(mono.std()) + 1e-8
        with torch.inference_mode():
            stems = apply_model(
                network,
                torch.from_numpy(np.ascontiguousarray((mix - mean) / deviation))[None],
                shifts=0,  # its random shifts would give another answer each time
                overlap=self.options.overlap,
                device=self._device,
            )[0]
            arrays = stems.cpu().numpy() * deviation + mean
        return {
            str(name): _back(array, rate, piece)
            for name, array in zip(network.sources, arrays, strict=True)
        }


def _back(array: Samples, rate: int, piece: SoundPiece) -> Samples:
    """Return a stem with the rate and the shape of the piece."""
    channels = 1 if piece.samples.ndim == 1 else len(piece.samples)
    count = piece.samples.shape[-1]
    stem = resample(with_channels(np.asarray(array, np.float32), channels), rate, piece.rate)
    stem = np.pad(stem[:, :count], ((0, 0), (0, max(0, count - stem.shape[1]))))
    return stem[0] if piece.samples.ndim == 1 else stem


def _from_file(file: Path) -> Any:
    """Load a checkpoint; of the code that a ``.th`` may hold, only Demucs' own classes run."""
    import torch
    from demucs_infer.demucs import Demucs
    from demucs_infer.hdemucs import HDemucs
    from demucs_infer.htdemucs import HTDemucs
    from demucs_infer.safetensors import load_safetensors_model
    from demucs_infer.states import load_model

    try:
        if file.suffix == ".safetensors":
            return load_safetensors_model(file)
        names = [
            (cls, f"{package}.{module}.{cls.__name__}")
            for package in ("demucs", "demucs_infer")
            for cls, module in ((Demucs, "demucs"), (HDemucs, "hdemucs"), (HTDemucs, "htdemucs"))
        ]
        with torch.serialization.safe_globals([*names, Fraction]):
            return load_model(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # torch has many for a broken file, and one for code inside
        raise EngineError(f"{file}: {type(error).__name__}: {error}") from error


def _from_name(name: str) -> Any:
    from demucs_infer.pretrained import get_model

    try:
        return get_model(name)
    except Exception as error:  # whatever its registries and the line to them have
        raise EngineError(
            f"model {name} is not on this machine and could not be fetched "
            f"({type(error).__name__}: {error}); give the path of a file instead"
        ) from error

"""Spleeter's two stems, voices and the rest, in ONNX through ``sherpa-onnx``: no TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gleanery.errors import EngineError
from model_server.audio.resample import resample, with_channels
from model_server.audio.weights import existing_file, fingerprint, require
from model_server.cores import cores
from model_server.engine import Engine, EngineOptions
from model_server.pieces import Samples, SoundPiece

RATE = 44_100
STEMS = ("vocals", "accompaniment")
EDGE = 4096
"""Samples added at both ends: one window of its transform."""


class SpleeterOptions(EngineOptions):
    """What an operator may tell it."""

    folder: str
    """Folder with ``vocals.onnx`` and ``accompaniment.onnx`` (``.fp16.onnx``, ``.int8.onnx``)."""
    threads: int = Field(0, ge=0)
    """Cores that it computes on; 0 = all that this process may use."""
    max_batch: int = Field(2, ge=1)
    """Pieces of half a minute that it takes at once; they run one after the other."""
    max_wait_seconds: float = Field(600.0, gt=0)
    """It is slow where it runs on a CPU: who waits so long is not told to come back."""


class SpleeterEngine(Engine):
    """Voices, and the rest."""

    name: ClassVar[str] = "spleeter"
    Options: ClassVar[type[EngineOptions]] = SpleeterOptions
    main_option: ClassVar[str] = "folder"
    options: SpleeterOptions

    @property
    def version(self) -> str:
        return f"sherpa-onnx-{installed('sherpa-onnx')}/spleeter-{self._digest}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("sherpa_onnx")
        import sherpa_onnx

        files = [_file(Path(self.options.folder).expanduser(), stem) for stem in STEMS]
        for file in files:
            _check(file)
        self._digest = "-".join(fingerprint(file) for file in files)
        spleeter = sherpa_onnx.OfflineSourceSeparationSpleeterModelConfig(*map(str, files))
        model = sherpa_onnx.OfflineSourceSeparationModelConfig(
            spleeter=spleeter, num_threads=self.options.threads or cores()
        )
        config = sherpa_onnx.OfflineSourceSeparationConfig(model=model)
        if not config.validate():
            raise EngineError(f"sherpa-onnx does not take {files[0]} and {files[1]}")
        self._separation: Any = sherpa_onnx.OfflineSourceSeparation(config)

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._separation = None

    def cost(self, given: Any) -> int:
        """See :meth:`Engine.cost`."""
        return 1

    def separate(self, pieces: Sequence[SoundPiece]) -> list[dict[str, Samples]]:
        """See :meth:`Engine.separate`."""
        return [self._one(piece) for piece in pieces]

    def _one(self, piece: SoundPiece) -> dict[str, Samples]:
        stereo = resample(with_channels(piece.samples, 2), piece.rate, RATE)
        # Its transform divides by a window that is almost 0 at both ends: they are cut off again.
        padded = _padded(stereo)
        out = self._separation.process(sample_rate=RATE, samples=padded)
        stems = [np.asarray(stem.data, np.float32)[:, EDGE:] for stem in out.stems]
        return {
            name: _back(stem[:, : stereo.shape[1]], out.sample_rate, piece)
            for name, stem in zip(STEMS, stems, strict=True)
        }


def _back(stem: Samples, rate: int, piece: SoundPiece) -> Samples:
    """Return a stem with the rate and the shape of the piece."""
    channels = 1 if piece.samples.ndim == 1 else len(piece.samples)
    count = piece.samples.shape[-1]
    changed = resample(with_channels(stem, channels), rate, piece.rate)[:, :count]
    changed = np.pad(changed, ((0, 0), (0, count - changed.shape[1])))
    return changed[0] if piece.samples.ndim == 1 else changed


def _file(folder: Path, stem: str) -> Path:
    for kind in ("onnx", "fp16.onnx", "int8.onnx"):
        if (file := folder / f"{stem}.{kind}").is_file():
            return file
    return existing_file(str(folder / f"{stem}.onnx"))


def _check(file: Path) -> None:
    """Look at a file before sherpa-onnx does, which ends the whole process over a wrong one.

    Raises:
        EngineError: It is no Spleeter with two stems.
    """
    require("onnxruntime")
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has one for each way to be broken
        raise EngineError(f"{file}: {type(error).__name__}: {error}") from error
    told = session.get_modelmeta().custom_metadata_map
    if (told.get("model_type"), told.get("stems")) != ("spleeter", "2"):
        raise EngineError(f"{file} is no Spleeter of two stems for sherpa-onnx: it says {told}")
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or [shape[n] for n in (2, 3)] != [512, 1024]:
        raise EngineError(f"{file} takes {shape}, not (2, n, 512, 1024)")


def _padded(stereo: Samples) -> Samples:
    """Add :data:`EDGE` samples at both ends: the sound mirrored, or silence beside a short one."""
    mode: Any = "reflect" if stereo.shape[1] > EDGE else "constant"
    return np.ascontiguousarray(np.pad(stereo, ((0, 0), (EDGE, EDGE)), mode=mode))

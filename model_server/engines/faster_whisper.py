"""Whisper through CTranslate2: the quick way to run it, on a CPU in int8 or on a GPU in float16."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar

from gleanery.errors import EngineError
from model_server.audio.weights import fingerprint, is_path, require
from model_server.audio.whisper_engine import WhisperEngine, WhisperOptions
from model_server.cores import cores
from model_server.pieces import Segment, SoundPiece, Speech, Word

FILES = ("model.bin", "config.json", "tokenizer.json")


class FasterWhisperOptions(WhisperOptions):
    """What an operator may tell it."""

    model: str
    """Folder of CTranslate2 files, or a name such as ``large-v2``: from the hub, once."""
    compute_type: str = "auto"
    """How it computes; auto = int8 on a CPU, float16 on a GPU. See CTranslate2's quantization."""


class FasterWhisperEngine(WhisperEngine):
    """``faster-whisper``: the same weights and the same answers, several times as fast."""

    name: ClassVar[str] = "faster_whisper"
    Options: ClassVar[type[WhisperOptions]] = FasterWhisperOptions
    options: FasterWhisperOptions

    @property
    def version(self) -> str:
        library = f"faster-whisper-{installed('faster-whisper')}"
        return f"{library}/{self._told.name}-{self._digest}/{self._compute_type}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("faster_whisper")
        import ctranslate2

        device = self.options.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        kind, _, number = device.partition(":")
        told = self.options.compute_type
        self._compute_type = ("float16" if kind == "cuda" else "int8") if told == "auto" else told
        folder = self._folder()
        self._told = Path(self.options.model)
        self._digest = fingerprint(folder / "model.bin")
        self._whisper = self._open(folder, kind, int(number or 0))
        self.warm_up()

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._whisper = None

    def hear(self, piece: SoundPiece) -> Speech:
        """See :meth:`WhisperEngine.hear`."""
        assert self._whisper is not None, "not loaded, or closed"
        found, info = self._whisper.transcribe(
            piece.samples,
            language=piece.language,
            beam_size=self.options.beam_size,
            condition_on_previous_text=False,
            word_timestamps=piece.word_times,
        )
        return Speech(
            segments=[_segment(one) for one in found],
            language=info.language,
            language_score=float(info.language_probability),
        )

    def _folder(self) -> Path:
        model = self.options.model
        folder = Path(model) if is_path(model) else self._from_hub(model)
        if missing := [name for name in FILES if not (folder / name).is_file()]:
            raise EngineError(f"{folder} is no CTranslate2 model: it lacks {', '.join(missing)}")
        return folder

    @staticmethod
    def _from_hub(name: str) -> Path:
        """Return the copy on this machine; fetch it if there is none.

        Raises:
            EngineError: There is no such name, or it cannot be fetched.
        """
        from faster_whisper.utils import download_model

        for here in (True, False):
            try:
                return Path(download_model(name, local_files_only=here))
            except ValueError as error:
                raise EngineError(f"{error}; or give the path of a folder") from error
            except Exception as error:  # huggingface_hub has an error for each reason
                if not here:
                    raise EngineError(
                        f"model {name} is not on this machine and could not be fetched "
                        f"({type(error).__name__}: {error}); give the path of a folder instead"
                    ) from error
        raise AssertionError

    def _open(self, folder: Path, device: str, index: int) -> Any:
        from faster_whisper import WhisperModel

        try:
            return WhisperModel(
                str(folder),
                device=device,
                device_index=index,
                compute_type=self._compute_type,
                cpu_threads=self.options.threads or cores(),
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{folder} on {device}: {error}") from error


def _segment(one: Any) -> Segment:
    words = [
        Word(text=w.word.strip(), start=float(w.start), end=float(w.end)) for w in one.words or ()
    ]
    return Segment(
        text=one.text.strip(), start=float(one.start), end=float(one.end), words=tuple(words)
    )

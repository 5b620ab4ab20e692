"""Whisper as its makers run it, in torch: for their own checkpoints, and to compare with."""

from __future__ import annotations

import gc
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, ClassVar

from gleanery.errors import EngineError
from model_server.audio.weights import existing_file, fingerprint, is_path, require
from model_server.audio.whisper_engine import WhisperEngine, WhisperOptions
from model_server.pieces import Segment, SoundPiece, Speech, Word

LIKELIEST = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Temperatures tried until the text is neither repetitive nor unlikely, as the makers do."""


class OpenaiWhisperOptions(WhisperOptions):
    """What an operator may tell it."""

    model: str
    """File ``….pt``, or a name such as ``large-v2``: fetched from its makers, once."""


class OpenaiWhisperEngine(WhisperEngine):
    """``openai-whisper``: fp32 on a CPU, fp16 on a GPU."""

    name: ClassVar[str] = "openai_whisper"
    Options: ClassVar[type[WhisperOptions]] = OpenaiWhisperOptions
    options: OpenaiWhisperOptions

    @property
    def version(self) -> str:
        library = f"openai-whisper-{installed('openai-whisper')}"
        return f"{library}/{Path(self.options.model).name}-{self._digest}"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        require("whisper")
        import torch
        import whisper

        device = self.options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
        model = self.options.model
        if is_path(model):
            file = existing_file(model, ".pt")
            self._digest = fingerprint(file)
            model = str(file)
        elif model not in whisper.available_models():
            names = ", ".join(whisper.available_models())
            raise EngineError(f"no Whisper is called {model!r}; names are {names}; or give a path")
        else:
            self._digest = "openai"
        try:
            self._whisper: Any = whisper.load_model(model, device=device)
        except Exception as error:  # a broken file and a dead line: torch and urllib have many
            raise EngineError(f"model {model}: {type(error).__name__}: {error}") from error
        self.warm_up()

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._whisper = None
        gc.collect()  # modules of torch refer to one another in circles

    def hear(self, piece: SoundPiece) -> Speech:
        """See :meth:`WhisperEngine.hear`."""
        import whisper

        assert self._whisper is not None, "not loaded, or closed"
        language, score = self._language(piece)
        beam = self.options.beam_size
        said = whisper.transcribe(
            self._whisper,
            piece.samples,
            language=language,
            temperature=LIKELIEST,
            beam_size=beam if beam > 1 else None,
            best_of=5,
            condition_on_previous_text=False,
            word_timestamps=piece.word_times,
            fp16=self._whisper.device.type == "cuda",
            verbose=None,
        )
        segments = [_segment(one) for one in said["segments"]]
        return Speech(segments=segments, language=language, language_score=score)

    def _language(self, piece: SoundPiece) -> tuple[str, float]:
        """Return the language told, else the likeliest."""
        import whisper

        if not self._whisper.is_multilingual:
            return "en", 1.0
        if piece.language:
            return piece.language, 1.0
        sound = whisper.pad_or_trim(piece.samples)
        mel = whisper.log_mel_spectrogram(sound, n_mels=self._whisper.dims.n_mels)
        _, scores = self._whisper.detect_language(mel.to(self._whisper.device))
        language = max(scores, key=scores.__getitem__)
        return language, float(scores[language])


def _segment(one: dict[str, Any]) -> Segment:
    words = [
        Word(text=w["word"].strip(), start=float(w["start"]), end=float(w["end"]))
        for w in one.get("words", ())
    ]
    return Segment(
        text=one["text"].strip(), start=float(one["start"]), end=float(one["end"]), words=words
    )

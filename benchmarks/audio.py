"""How fast speech becomes text: ``faster_whisper`` beside ``openai_whisper``.

The same model (Whisper tiny.en, the same weights in both forms), the same recorded speech, the same
windows, beam and number of threads (one). Processor seconds, so that other programs on the machine
weigh little; interleaved, medians of ``ROUNDS``. Word error rates of both on the same sound.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.goals import Goal, show
from items.taxonomy import load_taxonomy
from model_server.audio.windows import RATE, speech_windows
from model_server.audio.word_errors import word_error_rate
from model_server.pieces import SoundPiece
from model_server.spec import parse_spec
from tests.recorded_speech import spoken
from tests.whisper_weights import ct2_folder, openai_file

if TYPE_CHECKING:
    from model_server.engine import Engine

ROUNDS, TIMES = 3, 2
NAMES = ("faster_whisper", "openai_whisper")


def load(name: str, model: Path, folder: Path) -> Engine:
    """Return an engine on one thread, loaded and warm."""
    cls = parse_spec(f"{name}:{model}").engine
    options = cls.Options.model_validate({"model": str(model), "threads": 1, "device": "cpu"})
    engine = cls(load_taxonomy(), options, cache=folder)
    engine.load()
    return engine


def hear(engine: Engine, pieces: list[SoundPiece]) -> tuple[float, str]:
    """Return the processor seconds that it takes, and the text."""
    began = time.process_time()
    speech = [engine.transcribe([piece])[0] for piece in pieces]
    seconds = time.process_time() - began
    return seconds, " ".join(s.text for one in speech for s in one.segments)


def main() -> None:
    """Measure and print."""
    said = spoken(times=TIMES)
    windows = list(speech_windows([said.samples]))
    pieces = [SoundPiece(samples=w.samples, rate=RATE, language="en") for w in windows]
    length = sum(len(piece.samples) for piece in pieces) / RATE
    seconds: dict[str, list[float]] = {name: [] for name in NAMES}
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        models = {"faster_whisper": ct2_folder(), "openai_whisper": openai_file(Path(folder))}
        engines = {name: load(name, models[name], Path(folder)) for name in NAMES}
        for number in range(ROUNDS):
            for name in NAMES:
                taken, texts[name] = hear(engines[name], pieces)
                seconds[name].append(taken)
                print(f"round {number}: {name} {length / taken:.2f} × real time", file=sys.stderr)
    speed = {name: length / median(taken) for name, taken in seconds.items()}
    wer = {name: word_error_rate([said.text], [text]) for name, text in texts.items()}
    show(
        [
            *(Goal(f"{name}, tiny.en, one core: times real time", speed[name]) for name in NAMES),
            Goal(
                "faster_whisper / openai_whisper",
                speed["faster_whisper"] / speed["openai_whisper"],
                ">= 1.8",
            ),
            *(Goal(f"{name}: word error rate", wer[name], "<= 0.15") for name in NAMES),
        ]
    )


if __name__ == "__main__":
    main()

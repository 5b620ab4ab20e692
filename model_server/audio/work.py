"""What becomes of the pieces that ``denoise`` and ``separate`` get back."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np

from gleanery.errors import EngineError, ModelToolError
from media.store import Stored
from model_server.audio.overlap import Fader
from model_server.audio.shares import VOICES, ShareCounter
from model_server.audio.sink import SoundSink
from model_server.engine_set import Answer
from model_server.pieces import Samples
from model_server.schema import Capability
from model_server.sound_schema import CleanSound, Stem, Stems


class Work(ABC):
    """Takes the pieces of one file in order."""

    capability: ClassVar[Capability]
    rate: ClassVar[int]
    """Samples a second."""
    channels: ClassVar[int]
    length: ClassVar[int]
    """Samples of a piece."""
    overlap: ClassVar[int]
    """Samples that two neighbours share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answer: Answer | None = None
        self._count = 0

    @property
    def seconds(self) -> float:
        """How much of the sound is done."""
        return self._count / self.rate

    @property
    def engine(self) -> Answer:
        """The last answer: who gave it, in which version."""
        assert self._answer is not None
        return self._answer

    def add(self, samples: Samples, answer: Answer) -> None:
        """Take a piece and what became of it."""
        self._count += samples.shape[-1] - (self.overlap if self._answer else 0)
        self._answer = answer
        self.take(samples, answer)

    @abstractmethod
    def take(self, samples: Samples, answer: Answer) -> None:
        """Fade it in."""


class Denoising(Work):
    """One sound in, one sound out, as loud as it fits the first best.

    Networks are often taught without regard to loudness (SI-SNR), so it is set afterwards: by the
    factor that leaves the smallest difference between both sounds; it turns a sign back, too.
    """

    capability = "denoise"
    rate, channels = 16_000, 1
    length, overlap = 8 * rate, rate // 2

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._sink = SoundSink(folder / "clean.rf64", rate=self.rate, channels=1)
        self._clean, self._given = Fader(self.overlap), Fader(self.overlap)
        self._both = self._before = self._gain = 0.0

    def take(self, samples: Samples, answer: Answer) -> None:
        """See :meth:`Work.take`."""
        self._put(self._given.add(samples), self._clean.add(answer.value))

    def finish(self) -> Path:
        """Return the file."""
        self._put(self._given.finish(), self._clean.finish())
        self._gain = self._both / self._sink.energy if self._sink.energy else 1.0
        return self._sink.finish(self._folder / "clean.flac", gain=self._gain)

    def result(self, stored: Stored) -> CleanSound:
        """Return what is told of the file."""
        kept = self._both * self._gain / self._before if self._before else 1.0
        return CleanSound(
            sound=stored.key,
            size=stored.size,
            rate=self.rate,
            channels=1,
            duration_seconds=round(self._sink.count / self.rate, 2),
            removed_share=round(min(max(1 - kept, 0.0), 1.0), 4),
            engine=self.engine.engine,
            version=self.engine.version,
        )

    def _put(self, given: Samples, clean: Samples) -> None:
        self._both += float(np.dot(given.astype(np.float64), clean))
        self._before += float(np.square(given, dtype=np.float64).sum())
        self._sink.add(clean)


class Separating(Work):
    """One sound in, a stem out for each name that the engine gives."""

    capability = "separate"
    rate, channels = 44_100, 2
    length, overlap = 30 * rate, rate

    def __init__(self, folder: Path, wanted: Sequence[str] | None) -> None:
        super().__init__(folder)
        self._wanted = wanted
        self._faders: dict[str, Fader] = {}
        self._sinks: dict[str, SoundSink] = {}
        self._energies: dict[str, float] = {}
        self._shares = ShareCounter()

    def take(self, samples: Samples, answer: Answer) -> None:
        """See :meth:`Work.take`."""
        if not self._faders:
            self._begin(list(answer.value))
        if set(answer.value) != set(self._faders):
            raise EngineError(f"engine {answer.engine} gave other stems than before")
        for name, stem in answer.value.items():
            self._put(name, self._faders[name].add(stem))

    def finish(self) -> dict[str, Path]:
        """Return the file of each stem that was wanted."""
        for name, fader in self._faders.items():
            self._put(name, fader.finish())
        return {n: s.finish(self._folder / f"{n}.flac") for n, s in self._sinks.items()}

    def result(self, stored: Mapping[str, Stored]) -> Stems:
        """Return what is told of the files."""
        total = sum(self._energies.values()) or 1.0
        stems = [
            Stem(
                name=name,
                share=round(self._energies[name] / total, 4),
                sound=one.key,
                size=one.size,
                rate=self.rate,
                channels=self.channels,
                duration_seconds=round(self._sinks[name].count / self.rate, 2),
            )
            for name, one in stored.items()
        ]
        return Stems(
            stems=stems,
            speech=next((s.sound for s in stems if s.name in VOICES), ""),
            shares=self._shares.finish(),
            engine=self.engine.engine,
            version=self.engine.version,
        )

    def _begin(self, names: Sequence[str]) -> None:
        kept = names if self._wanted is None else self._wanted
        if unknown := [name for name in kept if name not in names]:
            raise ModelToolError(f"no stem is called {unknown[0]!r}; there are {', '.join(names)}")
        self._faders = {name: Fader(self.overlap) for name in names}
        self._energies = dict.fromkeys(names, 0.0)
        for number, name in enumerate(n for n in names if n in kept):
            path = self._folder / f"{number}.rf64"
            self._sinks[name] = SoundSink(path, rate=self.rate, channels=self.channels)

    def _put(self, name: str, samples: Samples) -> None:
        if not samples.size:
            return
        self._energies[name] += float(np.square(samples, dtype=np.float64).sum())
        self._shares.add(name, samples)
        if name in self._sinks:
            self._sinks[name].add(samples)


@contextmanager
def workshop() -> Iterator[Path]:
    """Yield a folder that is gone in the end, with all that lies in it."""
    with tempfile.TemporaryDirectory(prefix="gleanery-sound-") as folder:
        yield Path(folder)

"""One engine over many documents, timed; in a process of its own where its memory matters."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gleanery.errors import EngineError, GleaneryError
from items.taxonomy import load_taxonomy
from model_server.engine import Verdict
from model_server.schema import MAX_DOCUMENTS, Document
from model_server.spec import read_spec

Progress = Callable[[int, int], None]
"""Called with documents done and documents in all, after each batch."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Contender:
    """An engine to try, as ``MODEL_ENGINE`` names it."""

    engine: str
    engines_file: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """Laid over those of the file, e.g. ``profile``."""

    @property
    def name(self) -> str:
        """What reports call it."""
        return " ".join([self.engine, *(f"{k}={v}" for k, v in self.options.items())])

    @property
    def learns(self) -> bool:
        """Whether it takes a trained head.

        Raises:
            RegistryError: There is no such engine.
            ConfigError: An option is wrong.
        """
        spec = read_spec(self.engine, self.engines_file).engines[self.engine]
        return "profile" in spec.engine.Options.model_fields


@dataclass(slots=True, kw_only=True, frozen=True)
class Trial:
    """What came of it."""

    version: str
    verdicts: list[Verdict]
    """One per document, in order."""
    load_seconds: float
    seconds: float
    """All the documents; loading is left out."""
    memory_bytes: int
    """Most memory that the whole process has held, code and documents included."""


def run_trial(
    contender: Contender,
    documents: Sequence[Document],
    *,
    cache: Path,
    progress: Progress | None = None,
) -> Trial:
    """Load the engine, self-test included, and classify ``documents`` in batches of 64.

    Raises:
        RegistryError: There is no such engine.
        ConfigError: An option is wrong.
        EngineError: It does not run here.
    """
    started = time.perf_counter()
    spec = read_spec(contender.engine, contender.engines_file, **contender.options)
    engine = spec.engines[spec.main].make(load_taxonomy(), cache=cache)
    engine.load()
    try:
        if engine.options.self_test:
            engine.self_test()
        loaded = time.perf_counter()
        verdicts: list[Verdict] = []
        for start in range(0, len(documents), MAX_DOCUMENTS):
            verdicts += engine.classify(documents[start : start + MAX_DOCUMENTS])
            if progress:
                progress(len(verdicts), len(documents))
        return Trial(
            version=engine.version,
            verdicts=verdicts,
            load_seconds=loaded - started,
            seconds=time.perf_counter() - loaded,
            memory_bytes=peak_memory(),
        )
    finally:
        engine.close()


def run_trial_apart(
    contender: Contender,
    documents: Sequence[Document],
    *,
    cache: Path,
    progress: Progress | None = None,
) -> Trial:
    """Do as :func:`run_trial` in a new process: its memory is its own, and goes when it ends.

    Raises:
        EngineError: The process died.
        GleaneryError: As in :func:`run_trial`.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(there, contender, documents, cache), daemon=True)
    child.start()
    there.close()
    try:
        return _outcome(here, progress)
    except EOFError as error:
        child.join()
        raise EngineError(
            f"engine {contender.name}: its process died ({child.exitcode})"
        ) from error
    finally:
        here.close()
        child.kill()
        child.join()


def _outcome(child: Connection, progress: Progress | None) -> Trial:
    """Read what :func:`_child` sends until the trial, or the error that it ended with."""
    while True:
        message = child.recv()
        if isinstance(message, Trial):
            return message
        if isinstance(message, GleaneryError):
            raise message
        if progress:
            progress(*message)


def _child(
    out: Connection, contender: Contender, documents: Sequence[Document], cache: Path
) -> None:
    try:
        out.send(
            run_trial(contender, documents, cache=cache, progress=lambda *done: out.send(done))
        )
    except GleaneryError as error:
        out.send(error)


def peak_memory() -> int:
    """Return the most memory in bytes that this process has held; 0 where nobody knows."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB

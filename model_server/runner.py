"""One engine in one thread: no event loop waits for a model, no model runs twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gleanery.errors import EngineError
from model_server.engine import Engine
from model_server.schema import Capability
from model_server.spec import EngineSpec


class EngineRunner:
    """Loads the engine at the first call, or at :meth:`start`; a failed load is tried again."""

    def __init__(self, spec: EngineSpec, make: Callable[[], Engine]) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            spec: Name, class and options.
            make: Returns the engine, not yet loaded; called in the engine's own thread.
        """
        self.spec = spec
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{spec.name}")
        self._loaded: Engine | None = None
        self._error: str | None = None

    @property
    def name(self) -> str:
        """What results and metrics call this engine."""
        return self.spec.name

    @property
    def ready(self) -> bool:
        """Whether the engine is loaded and has passed its self-test."""
        return self._loaded is not None

    @property
    def error(self) -> str | None:
        """Why the last attempt to load failed; ``None`` if it did not."""
        return self._error

    @property
    def version(self) -> str | None:
        """Version of the engine; ``None`` while it is not ready."""
        return self._loaded.version if self._loaded else None

    def start(self) -> Future[Engine]:
        """Begin to load; the answer tells when it is done and what went wrong."""
        return self._thread.submit(self._engine)

    async def run(self, capability: Capability, inputs: Sequence[Any]) -> tuple[list[Any], str]:
        """Return one answer per input, in order, and the version that gave them.

        Args:
            capability: A method of the engine.
            inputs: What that method takes.

        Raises:
            EngineError: The engine cannot run on this machine.
            ModelToolError: It cannot do that.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, capability, inputs)

    def close(self) -> None:
        """Drop the calls that wait; the one that runs ends first."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def _run(self, capability: Capability, inputs: Sequence[Any]) -> tuple[list[Any], str]:
        engine = self._engine()
        return list(getattr(engine, capability)(inputs)), engine.version

    def _engine(self) -> Engine:
        if self._loaded is None:
            try:
                self._loaded = self._load()
            except EngineError as error:
                self._error = str(error)
                raise EngineError(f"engine {self.name}: {error}") from error
            self._error = None
        return self._loaded

    def _load(self) -> Engine:
        engine = self._make()
        try:
            engine.load()
            if engine.options.self_test:
                engine.self_test()
        except EngineError:
            engine.close()
            raise
        except Exception as error:  # whatever a runtime died of, this engine cannot be used
            engine.close()
            raise EngineError(f"{type(error).__name__}: {error}") from error
        return engine

    def _close(self) -> None:
        if self._loaded is not None:
            self._loaded.close()
            self._loaded = None

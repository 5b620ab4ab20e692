"""One engine in one thread: no event loop waits for a model, no model runs twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from model_server.engine import Engine, Verdict
from model_server.schema import Document


class EngineRunner:
    """Loads the engine at the first call, or at :meth:`start`; a failed load is tried again."""

    def __init__(self, engine: type[Engine], make: Callable[[], Engine]) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            engine: The class, for its name and capabilities.
            make: Loads it; called in the engine's own thread.
        """
        self.engine = engine
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{engine.name}")
        self._loaded: Engine | None = None

    @property
    def ready(self) -> bool:
        """Whether the engine is loaded."""
        return self._loaded is not None

    @property
    def version(self) -> str | None:
        """Version of the engine; ``None`` while it is not loaded."""
        return self._loaded.version if self._loaded else None

    def start(self) -> Future[Engine]:
        """Begin to load; the answer tells when it is done and what went wrong."""
        return self._thread.submit(self._engine)

    async def classify(self, documents: Sequence[Document]) -> tuple[list[Verdict], str]:
        """Return the verdicts, and the version that gave them; calls are served in order.

        Raises:
            EngineError: The engine cannot run on this machine.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._classify, documents)

    def close(self) -> None:
        """Drop the calls that wait; the one that runs ends first."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _engine(self) -> Engine:
        if self._loaded is None:
            self._loaded = self._make()
        return self._loaded

    def _classify(self, documents: Sequence[Document]) -> tuple[list[Verdict], str]:
        engine = self._engine()
        return engine.classify(documents), engine.version

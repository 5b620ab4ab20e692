"""One engine in one thread: no event loop waits for a model, no model runs twice at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from gleanery.errors import EngineError, ModelBusyError
from model_server.call_queue import WHOLE, Call, CallQueue, Share
from model_server.engine import Engine
from model_server.schema import Capability
from model_server.spec import EngineSpec

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told what a runner does, e.g. metrics. Called in any thread; must not block."""

    def batch_ran(self, capability: Capability, tokens: Sequence[int], seconds: float) -> None:
        """The engine answered one batch; ``tokens`` has one entry per input."""

    def batch_failed(self, capability: Capability) -> None:
        """The engine crashed over one batch."""

    def call_ended(self, capability: Capability, outcome: str, seconds: float) -> None:
        """A call is ``answered``, ``failed``, ``cancelled`` or ``busy`` after ``seconds``."""


class EngineRunner:
    """Loads the engine at the first call, or at :meth:`start`; a failed load is tried again.

    Calls under way at the same time share batches, within the engine's token budget.
    """

    def __init__(self, spec: EngineSpec, make: Callable[[], Engine]) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            spec: Name, class and options.
            make: Returns the engine, not yet loaded; called in the engine's own thread.
        """
        self.spec = spec
        self.listener: Listener | None = None
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{spec.name}")
        self._queue = CallQueue(
            max_batch=spec.options.max_batch,
            max_waiting=spec.options.max_waiting,
            max_wait_seconds=spec.options.max_wait_seconds,
        )
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

    @property
    def waiting(self) -> int:
        """Inputs that wait for the engine."""
        return self._queue.waiting

    @property
    def readers(self) -> int:
        """See :attr:`Engine.readers`; 1 while the engine is not ready."""
        return self._loaded.readers if self._loaded else 1

    def start(self) -> Future[Engine]:
        """Begin to load; the answer tells when it is done and what went wrong."""
        return self._thread.submit(self._engine)

    async def run(self, capability: Capability, inputs: Sequence[Any]) -> tuple[list[Any], str]:
        """Return one answer per input, in order, and the version that gave them.

        A caller that is cancelled takes its inputs out of the queue.

        Args:
            capability: A method of the engine.
            inputs: What that method takes, 1 to 64.

        Raises:
            ModelBusyError: Too much waits already.
            ModelUnavailableError: The runner is closed.
            EngineError: The engine cannot run on this machine.
            ModelToolError: It cannot do that.
        """
        call = Call(capability, inputs)
        outcome = "failed"
        try:
            self._queue.put(call)
            self._thread.submit(self._empty_queue)
            answer = await asyncio.wrap_future(call.answer)
            outcome = "answered"
        except ModelBusyError as error:
            outcome = "busy"
            raise ModelBusyError(
                f"engine {self.name} is {error}", retry_after_seconds=error.retry_after_seconds
            ) from error
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            if self.listener:
                self.listener.call_ended(capability, outcome, time.monotonic() - call.arrived)
        return answer

    def close(self) -> None:
        """Refuse new calls, answer those that wait, then let go of the engine."""
        self._queue.close()
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    # --- in the engine's thread
    def _empty_queue(self) -> None:
        """Run batches until nothing waits; each call asks for it, most find nothing left."""
        if not self._queue.waiting:
            return
        options = self.spec.options
        try:
            engine = self._engine()
            while shares := self._queue.take(
                engine.cost,
                max_tokens=options.max_batch_tokens,
                linger_seconds=options.linger_seconds,
            ):
                self._run(engine, shares)
        except EngineError as error:
            self._queue.fail_all(error)
        except Exception as error:  # a caller must not wait for ever for what died here
            logger.exception("Engine %s: the calls that wait fail", self.name)
            self._queue.fail_all(error)

    def _run(self, engine: Engine, shares: Sequence[Share]) -> None:
        began = time.monotonic()
        self._answer(engine, shares)
        self._queue.done(sum(len(s.inputs) for s in shares), time.monotonic() - began)

    def _answer(self, engine: Engine, shares: Sequence[Share]) -> None:
        """Run one batch; if it dies, each caller's share alone, so that only the bad one fails."""
        inputs = [x for share in shares for x in share.inputs]
        capability = shares[0].call.capability
        began = time.monotonic()
        try:
            values = list(getattr(engine, capability)(inputs))
            if capability not in WHOLE and len(values) != len(inputs):
                raise EngineError(f"{len(values)} answers to {len(inputs)} inputs")  # noqa: TRY301
        except Exception as error:
            if self.listener:
                self.listener.batch_failed(capability)
            if len(shares) == 1:
                shares[0].call.fail(error)
            for share in shares if len(shares) > 1 else ():
                self._answer(engine, [share])
            return
        if self.listener:
            tokens = [count for share in shares for count in share.tokens]
            self.listener.batch_ran(capability, tokens, time.monotonic() - began)
        _deal(shares, values, engine.version)

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


def _deal(shares: Sequence[Share], values: list[Any], version: str) -> None:
    """Give every call its values; those that have all of them are answered."""
    place = 0
    for share in shares:
        call, count = share.call, len(share.inputs)
        call.values += values if call.capability in WHOLE else values[place : place + count]
        place += count
        if share.stop == len(call.inputs):
            call.succeed(version)

"""Calls that wait for an engine: handed out in batches, refused when too many wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from gleanery.errors import ModelBusyError, ModelUnavailableError
from model_server.schema import Capability

WHOLE = frozenset[Capability]({"propose_category"})
"""Capabilities that answer all inputs of a call together: never split, never merged."""
RETRY_SECONDS = (0.1, 60.0)
"""Shortest and longest time after which a refused caller is asked to come back."""
UNKNOWN_SECONDS = 1.0
"""The same while no speed is known."""


@dataclass(slots=True, eq=False)
class Call:
    """What one caller asked; its inputs may leave the queue in several batches, in order."""

    capability: Capability
    inputs: Sequence[Any]
    answer: Future[tuple[list[Any], str]] = field(default_factory=Future)
    """One value per input, in order, and the version of the engine."""
    arrived: float = field(default_factory=time.monotonic)
    tokens: list[int] = field(default_factory=list)
    """Of the first inputs; counted when they are near the front, in the engine's thread."""
    taken: int = 0
    """Inputs that have left the queue."""
    values: list[Any] = field(default_factory=list)
    """Answers so far."""

    def succeed(self, version: str) -> None:
        """Hand over :attr:`values`, unless the caller has gone."""
        if not self.answer.done() and self.answer.set_running_or_notify_cancel():
            self.answer.set_result((self.values, version))

    def fail(self, error: BaseException) -> None:
        """Hand over ``error``, unless the caller has gone."""
        if not self.answer.done() and self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(error)


@dataclass(slots=True, frozen=True, eq=False)
class Share:
    """The inputs ``start`` to ``stop`` of a call."""

    call: Call
    start: int
    stop: int

    @property
    def inputs(self) -> Sequence[Any]:
        return self.call.inputs[self.start : self.stop]

    @property
    def tokens(self) -> Sequence[int]:
        return self.call.tokens[self.start : self.stop]


class CallQueue:
    """First come, first served. Filled by any thread, emptied by one."""

    def __init__(self, *, max_batch: int, max_waiting: int, max_wait_seconds: float) -> None:
        """Begin empty.

        Args:
            max_batch: Inputs that are handed out at once at most.
            max_waiting: Inputs that wait at most.
            max_wait_seconds: Time that those under way and those that wait may take.
        """
        self._max_batch = max_batch
        self._max_waiting, self._max_wait_seconds = max_waiting, max_wait_seconds
        self._calls: deque[Call] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._waiting = self._running = 0
        self._pace: float | None = None  # seconds an input, a moving average

    @property
    def waiting(self) -> int:
        """Inputs that wait."""
        return self._waiting

    def put(self, call: Call) -> None:
        """Add ``call`` at the end; it leaves again if its answer is cancelled.

        Raises:
            ModelBusyError: Too much waits already. An empty queue takes any call.
            ModelUnavailableError: The queue is closed.
        """
        with self._changed:
            if self._closed:
                raise ModelUnavailableError("the model server is shutting down")
            self._refuse_if_full(len(call.inputs))
            self._calls.append(call)
            self._waiting += len(call.inputs)
            self._changed.notify()
        call.answer.add_done_callback(lambda _: self._forget(call))

    def take(
        self, count: Callable[[Any], int], *, max_tokens: int, linger_seconds: float
    ) -> list[Share]:
        """Return inputs of one capability to run at once; empty if none wait.

        Args:
            count: Tokens of an input.
            max_tokens: Sum of those at most; the first input is taken whatever it counts.
            linger_seconds: Time since its arrival that the first call waits for others.
        """
        with self._changed:
            self._linger(linger_seconds)
            near = self._near()
        # Counting may take long: callers must be able to put while it goes on.
        shares = _within(near, count, max_tokens)
        with self._changed:
            for share in shares:
                self._take(share)
            self._running = sum(share.stop - share.start for share in shares)
        return shares

    def done(self, inputs: int, seconds: float) -> None:
        """Learn that ``inputs`` took ``seconds``."""
        pace = seconds / inputs
        with self._changed:
            self._pace = pace if self._pace is None else 0.8 * self._pace + 0.2 * pace
            self._running = 0

    def fail_all(self, error: Exception) -> None:
        """Give every waiting call this error."""
        with self._changed:
            calls = list(self._calls)
        for call in calls:
            call.fail(error)

    def close(self) -> None:
        """Refuse what comes from now on; what waits can still be taken."""
        with self._changed:
            self._closed = True

    # --- under the lock
    def _refuse_if_full(self, inputs: int) -> None:
        wait_seconds = (self._waiting + self._running) * (self._pace or 0.0)
        full = self._waiting + inputs > self._max_waiting or wait_seconds > self._max_wait_seconds
        if not (self._waiting and full):
            return
        # Half the queue later there is room for some, and the engine has not run dry meanwhile.
        after = wait_seconds / 2 if self._pace else UNKNOWN_SECONDS
        after = round(min(max(after, RETRY_SECONDS[0]), RETRY_SECONDS[1]), 2)
        raise ModelBusyError(
            f"busy: {self._waiting} documents wait already; retry after {after:g} s",
            retry_after_seconds=after,
        )

    def _linger(self, seconds: float) -> None:
        while self._calls and not self._closed and self._waiting < self._max_batch:
            left = self._calls[0].arrived + seconds - time.monotonic()
            if left <= 0 or self._calls[0].capability in WHOLE:
                return
            self._changed.wait(left)

    def _near(self) -> list[Share]:
        """Return what one batch could hold at most."""
        shares: list[Share] = []
        room = self._max_batch
        alive = [call for call in self._calls if not call.answer.done()]
        for call in alive:
            if call.capability != alive[0].capability:
                continue
            whole = call.capability in WHOLE
            stop = len(call.inputs) if whole else min(len(call.inputs), call.taken + room)
            shares.append(Share(call, call.taken, stop))
            room -= stop - call.taken
            if whole or not room:
                break
        return shares

    def _take(self, share: Share) -> None:
        if share.call not in self._calls:  # cancelled while its tokens were counted
            return
        self._waiting -= share.stop - share.start
        share.call.taken = share.stop
        if share.stop == len(share.call.inputs):
            self._calls.remove(share.call)

    def _forget(self, call: Call) -> None:
        with self._changed:
            if call in self._calls:
                self._calls.remove(call)
                self._waiting -= len(call.inputs) - call.taken


def _within(near: Sequence[Share], count: Callable[[Any], int], limit: int) -> list[Share]:
    """Return as much from the front of ``near`` as has ``limit`` tokens; one input at least."""
    shares: list[Share] = []
    first = True
    for share in near:
        call = share.call
        call.tokens += [count(x) for x in call.inputs[len(call.tokens) : share.stop]]
        if call.capability in WHOLE:
            return [share]
        stop = share.start
        while stop < share.stop and (limit >= call.tokens[stop] or first):
            first = False
            limit -= call.tokens[stop]
            stop += 1
        if stop > share.start:
            shares.append(Share(call, share.start, stop))
        if stop < share.stop:
            break
    return shares

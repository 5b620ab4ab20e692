"""A value that takes long to make: whoever asks gets the last one while the next one is made."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Generic[T]):
    """A value, and when it was made."""

    value: T
    at: float
    """Seconds since 1970, when its making began."""
    took: float
    """Seconds."""


class Kept(Generic[T]):
    """The last value; methods may be called from any thread."""

    def __init__(self, fresh_for: Callable[[float], float]) -> None:
        """Begin with none.

        Args:
            fresh_for: Seconds that a value is good for, by the seconds that it took to make; 0 = it
                is made anew for each who asks.
        """
        self._fresh_for = fresh_for
        self._lock = threading.Lock()
        self._last: Made[T] | None = None
        self._next: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kept")

    def get(self, make: Callable[[], T]) -> Made[T]:
        """Return the last value, and begin to make the next one if it is old; the first one waits.

        Raises:
            Exception: What ``make`` raises, if there is no last value; an error of ours while the
                next one was made leaves none behind.
        """
        with self._lock:
            last = self._last
            if last is None or not (good := self._fresh_for(last.took)):
                return self._make(make)
            old = time.time() - last.at > good
            if old and (self._next is None or self._next.done()):
                self._next = self._thread.submit(self._renew, make)
            return last

    def close(self) -> None:
        """Wait for what is being made."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _make(self, make: Callable[[], T]) -> Made[T]:
        began, at = time.perf_counter(), time.time()
        value = make()
        self._last = Made(value=value, at=at, took=time.perf_counter() - began)
        return self._last

    def _renew(self, make: Callable[[], T]) -> None:
        try:
            self._make(make)
        except GleaneryError:
            logger.warning("Not made anew", exc_info=True)
            self._last = None  # who asks next gets the error, if it is still there

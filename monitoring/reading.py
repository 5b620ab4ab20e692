"""Reads one source, in a thread of its own: one that hangs holds up no other."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Metric

    from monitoring.source import Source

logger = logging.getLogger(__name__)
LATE_SECONDS = 5.0
"""An answer counts for twice the source's own pace and this."""
AGAIN_SECONDS = 15.0
"""Longest time until a source that is away is tried again, however slow its own pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source gave."""

    metrics: list[Metric]
    at: float
    """Monotonic clock, when the reading ended."""
    seconds: float
    """Time that it took."""


class Reading:
    """The last answer of a source, and the next one under way; any thread may call it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began = float("-inf")
        self._answer: Answer | None = None
        self._failed = False

    def begin(self) -> None:
        """Start a reading, unless one is under way or the last is young enough."""
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            pace = self.source.every_seconds
            pace = min(pace, AGAIN_SECONDS) if self._answer is None else pace
            if busy or time.monotonic() - self._began < pace:
                return
            self._began = time.monotonic()
            # a daemon: one that hangs does not keep the program from ending
            self._thread = threading.Thread(
                target=self._read, name=f"read {self.source.name}", daemon=True
            )
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the reading under way, if there is one."""
        if thread := self._thread:
            thread.join(max(0.0, seconds))

    @property
    def answer(self) -> Answer | None:
        """The last answer; ``None`` if the source is away, or has been silent for too long."""
        answer, longest = self._answer, 2 * self.source.every_seconds + LATE_SECONDS
        if answer is None or time.monotonic() - answer.at > longest:
            return None
        return answer

    def _read(self) -> None:
        began = time.monotonic()
        try:
            metrics = self.source.read()
        except Exception as error:
            self._answer = None
            if not self._failed:  # once, not with each scrape
                logger.warning("%s is away: %s", self.source.name, error)
            logger.debug("%s is away", self.source.name, exc_info=True)
            self._failed = True
            return
        if self._failed:
            logger.info("%s is back", self.source.name)
        now, self._failed = time.monotonic(), False
        self._answer = Answer(metrics=metrics, at=now, seconds=now - began)

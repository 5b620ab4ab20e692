"""Whether a worker lives and reaches its queue, asked from other threads."""

from __future__ import annotations

import asyncio
import threading
import time

TURN_SECONDS = 4.0
"""Below the time that Kubernetes waits for an answer (5 s in k8s/base)."""


class Pulse:
    """Of one worker; before it begins it lives, and is not ready."""

    def __init__(self, lease_seconds: float) -> None:
        """Prepare; after ``lease_seconds`` of silence the queue gives a worker's jobs to others."""
        self._lease_seconds = lease_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard_at: float | None = None

    def began(self) -> None:
        """Note the loop that has to turn: the running one."""
        self._loop = asyncio.get_running_loop()

    def heard(self) -> None:
        """Note that the queue has answered."""
        self._heard_at = time.monotonic()

    def is_alive(self, seconds: float = TURN_SECONDS) -> bool:
        """Whether the loop turns within so many seconds; one that has ended does not."""
        if self._loop is None:
            return True
        turned = threading.Event()
        try:
            self._loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # it is closed
            return False
        return turned.wait(seconds)

    def is_ready(self) -> bool:
        """Whether the queue has answered since its leases would have run out."""
        heard = self._heard_at
        return heard is not None and time.monotonic() - heard < self._lease_seconds

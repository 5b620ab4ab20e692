"""Logins that failed, by name and by address: too many, and nobody gets to try for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

WINDOW_SECONDS = 900.0
BY_NAME = 8
"""Failures for one name within the window."""
BY_ADDRESS = 30
"""Failures from one address within the window; many people may share one."""
REMEMBERED = 10_000
"""Names and addresses at most; those longest untouched are forgotten first."""


class Attempts:
    """Counts in this process; a login counts as failed until it has succeeded."""

    def __init__(self, *, by_name: int = BY_NAME, by_address: int = BY_ADDRESS) -> None:
        self._most = by_name, by_address
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Count an attempt; return the seconds to wait if it is one too many, else 0."""
        now = time.monotonic()
        with self._lock:
            keys = ("name", name), ("address", address)
            kept = [
                (self._recent(key, now), most) for key, most in zip(keys, self._most, strict=True)
            ]
            waits = [past[0] + WINDOW_SECONDS - now for past, most in kept if len(past) >= most]
            if waits:
                return max(waits)
            for past, _ in kept:
                past.append(now)
        return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name, and the attempt that was none."""
        with self._lock:
            self._failures.pop(("name", name), None)
            if past := self._failures.get(("address", address)):
                past.pop()

    def _recent(self, key: tuple[str, str], now: float) -> deque[float]:
        past = self._failures.setdefault(key, deque())
        self._failures.move_to_end(key)
        while past and past[0] <= now - WINDOW_SECONDS:
            past.popleft()
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return past

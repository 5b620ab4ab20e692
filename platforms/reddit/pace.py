"""How long to wait before Reddit may be asked again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gleanery.retry_after import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT_SECONDS = 900.0
"""Reddit's window is 600 s; what asks for more is taken for a mistake."""
WAIT_WITHOUT_ADVICE_SECONDS = 10.0
"""After a 429 that states no time."""
LONGEST_TROUBLE_SECONDS = 60.0
"""Reddit's own trouble (5xx) is waited out for 1, 2, 4 … seconds, at most so long."""
WINDOW_SECONDS = 600


class Pace:
    """prawcore's rule for spreading requests over the window, without its sleeping.

    ``RateLimiter.delay()`` would block the reactor, so only ``update()`` is used.
    """

    def __init__(self) -> None:
        from prawcore.rate_limit import RateLimiter

        self._limiter = RateLimiter(window_size=WINDOW_SECONDS)
        self._troubles = 0

    def wait_after(self, status: int, headers: Mapping[str, str]) -> float:
        """Return the seconds to wait after an answer, in [0, 900].

        Args:
            status: HTTP status of the answer.
            headers: Its headers, names in lower case.
        """
        # A malformed header is no reason to stop; without it an answer counts as one request.
        limits = {k: v for k, v in headers.items() if k.startswith("x-ratelimit-")}
        try:
            self._limiter.update(response_headers=limits)
        except (KeyError, ValueError, OverflowError):
            self._limiter.update(response_headers={})
        wait = self._limiter_wait()
        if status == 429:
            wait = max(wait, retry_after_seconds(headers.get("retry-after", "")) or 0)
            wait = wait or WAIT_WITHOUT_ADVICE_SECONDS
        self._troubles = min(self._troubles + 1, 10) if status >= 500 else 0
        if self._troubles:
            wait = max(wait, min(2.0 ** (self._troubles - 1), LONGEST_TROUBLE_SECONDS))
        return min(wait, LONGEST_WAIT_SECONDS)

    def _limiter_wait(self) -> float:
        at = self._limiter.next_request_timestamp_ns
        return 0.0 if at is None else max(0.0, (at - time.monotonic_ns()) / 1e9)

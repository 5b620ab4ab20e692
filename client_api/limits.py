"""How often a key may ask: so many requests in each minute, counted here or in Redis for all."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client_api.keys import ApiKey

logger = logging.getLogger(__name__)
WINDOW = 60
"""Seconds."""
_PREFIX = "gleanery:api:rate"


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a key stands in this minute."""

    allowed: bool
    limit: int
    left: int
    reset: int
    """Seconds until the next minute."""

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers, and ``Retry-After``."""
        found = {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW}',
            "RateLimit": f'"default";r={self.left};t={self.reset}',
        }
        return found if self.allowed else found | {"Retry-After": str(self.reset)}


class RateLimits:
    """Counts requests by key; with Redis over all replicas, without it in this process."""

    def __init__(self, redis_url: str) -> None:
        self._redis = None
        if redis_url:
            from storage.redis_address import open_redis  # noqa: PLC0415 - an extra

            self._redis = open_redis(redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._minute, self._counts = 0, dict[str, int]()
        self._lock = threading.Lock()

    def take(self, key: ApiKey) -> Turn:
        """Count a request; blocks for a second at most, if Redis is away."""
        now = time.time()
        minute = int(now // WINDOW)
        used = self._in_redis(key.id, minute)
        if used is None:
            used = self._here(key.id, minute)
        reset = max(1, round((minute + 1) * WINDOW - now))
        allowed = used <= key.per_minute
        return Turn(allowed, key.per_minute, max(0, key.per_minute - used), reset)

    def close(self) -> None:
        """Let go of Redis."""
        if self._redis is not None:
            self._redis.close()

    def _here(self, number: str, minute: int) -> int:
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            self._counts[number] = used = self._counts.get(number, 0) + 1
            return used

    def _in_redis(self, number: str, minute: int) -> int | None:
        if self._redis is None:
            return None
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        name = f"{_PREFIX}:{{{number}}}:{minute}"
        try:
            with self._redis.pipeline() as pipe:
                pipe.incr(name)
                pipe.expire(name, 2 * WINDOW)
                return int(pipe.execute()[0])
        except (RedisError, OSError) as error:
            logger.warning("Redis is away, requests are counted in this process: %s", error)
            return None

"""Names of jobs that wait, in Redis for all nodes; the ledger says what they are.

A name that is popped stays in ``taken`` until its job has started; a node that is killed in
between loses none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from storage.redis_address import open_redis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.jobs import Job

LEASE_SECONDS = 20
"""Time from pop to start after which a name goes back."""
_STEP = 2**32
"""Jobs between two priorities in a score."""
_POP = """
for _, name in ipairs(redis.call('zrangebyscore', KEYS[2], '-inf', ARGV[1])) do
  redis.call('zrem', KEYS[2], name)
  redis.call('zadd', KEYS[1], 'NX', redis.call('hget', KEYS[3], name) or 0, name)
end
local first = redis.call('zpopmin', KEYS[1])
if #first == 0 then return false end
redis.call('zadd', KEYS[2], ARGV[2], first[1])
redis.call('hset', KEYS[3], first[1], first[2])
return first[1]
"""
_PUSH = """
if redis.call('zscore', KEYS[2], ARGV[1]) then return 0 end
return redis.call('zadd', KEYS[1], 'NX', ARGV[2], ARGV[1])
"""


class Waiting:
    """The shared queue of one project."""

    def __init__(self, url: str, project: str) -> None:
        self._redis = open_redis(url, socket_timeout=10, socket_connect_timeout=5)
        base = f"gleanery:{{jobs:{project}}}"
        self._keys = (f"{base}:queue", f"{base}:taken", f"{base}:scores")

    def push(self, jobs: Iterable[Job]) -> None:
        """Add jobs that are not there yet: higher priorities first, then the older ones."""
        for job in jobs:
            score = -job.priority * _STEP + job.number
            self._redis.eval(_PUSH, 2, *self._keys[:2], job.job, score)

    def pop(self) -> str | None:
        """Take the first name; :meth:`done` must follow within the lease."""
        now = time.time()
        found = self._redis.eval(_POP, 3, *self._keys, now, now + LEASE_SECONDS)
        return cast("bytes", found).decode() if found else None

    def done(self, job: str) -> None:
        """Forget a name, wherever it is."""
        pipe = self._redis.pipeline()
        pipe.zrem(self._keys[0], job)
        pipe.zrem(self._keys[1], job)
        pipe.hdel(self._keys[2], job)
        pipe.execute()

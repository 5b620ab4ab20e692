"""The frontier in Redis: one script, ``exchange``, does everything a worker does to it.

Keys of a crawl share a hash tag (``gleanery:{crawl}:…``), so it runs on Redis Cluster and Valkey.
``docs/frontier.md`` draws the states of a request and explains the script.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from crawlers.frontier.protocol import Answer, Budget, FrontierQueue, Lease
from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from redis.asyncio import Redis

    from crawlers.frontier.protocol import HostRule, Push

_SCRIPTS = Path(__file__).with_name("scripts")
_BEGIN = """
redis.call('HDEL', KEYS[1], 'ended')
if redis.call('HSETNX', KEYS[1], 'generation', ARGV[1]) == 1 then
    local now = redis.call('TIME')[1] * 1000
    redis.call('HSET', KEYS[1], 'level', ARGV[2], 'split', 0, 'seen', 0, 'began', now)
end
if ARGV[3] then
    local began, seconds = redis.call('HGET', KEYS[1], 'began'), tonumber(ARGV[6])
    local deadline = seconds > 0 and began + seconds * 1000 or 0
    redis.call('HSET', KEYS[1], 'max_pages', ARGV[3], 'max_items', ARGV[4], 'max_bytes', ARGV[5],
               'deadline', deadline)
end
local generation = redis.call('HGET', KEYS[1], 'generation')
return {generation == ARGV[1] and 1 or 0, generation}
"""
PASSING = (OutOfMemoryError, ReadOnlyError, ClusterDownError)
"""Refusals of a Redis that is full, failing over or cannot save: it will write again."""
FIRST_LEVEL = 4
"""log2 of the number of fingerprint buckets a crawl begins with; they are split as it grows."""


@contextmanager
def _naming_absence() -> Iterator[None]:
    """Raise ``FrontierUnavailableError`` for all the ways in which Redis can be away."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise FrontierUnavailableError(f"Redis is away: {error}") from error


def _plain(host: str) -> str:
    """Keep a host, which a page may have made up, from parting an entry."""
    return host.replace(";", "%3B")


class RedisQueue(FrontierQueue):
    """One crawl's queue, as one worker sees it."""

    def __init__(
        self,
        redis: Redis,
        crawl: str,
        worker: str,
        *,
        lease_seconds: float = 12.0,
        max_attempts: int = 5,
        delay_ms: int = 0,
        concurrency: int = 0,
        strict: bool = True,
        renew: bool = False,
    ) -> None:
        """Prepare.

        Args:
            redis: A client that does not decode answers.
            crawl: Name of the crawl; workers with the same name share it.
            worker: Name of this worker, unique among those alive.
            lease_seconds: Silence after which a worker counts as dead.
            max_attempts: Failures (its worker died, its items were not stored) after which a
                request is parked as a dead letter.
            delay_ms: Time between two requests to one host, over all workers.
            concurrency: Requests to one host at once, over all workers; 0 = no limit.
            strict: Keep a barrier between levels (exact breadth-first).
            renew: Begin a crawl anew that had come to its end, and forget it when it does.
        """
        self.redis = redis
        self.prefix = f"gleanery:{{{crawl}}}:"
        self.worker = worker
        self.lease_seconds = lease_seconds
        self.renew = renew
        self._rules = (int(lease_seconds * 1000), max_attempts, delay_ms, concurrency, int(strict))
        self._script = redis.register_script(
            (_SCRIPTS / "exchange.lua").read_text(encoding="utf-8")
        )
        self._forget = redis.register_script((_SCRIPTS / "forget.lua").read_text(encoding="utf-8"))
        self._begin = redis.register_script(_BEGIN)
        self._generation = ""
        self._sequence = 0

    def key(self, name: str) -> str:
        """Return the full name of one of the crawl's keys."""
        return self.prefix + name

    async def open(self, budget: Budget | None = None) -> bool:
        limits = [] if budget is None else [*astuple(budget)]
        with _naming_absence():
            if self.renew:
                await self._forget_ended("join")
            new, generation = await self._begin(
                keys=[self.key("meta")], args=[uuid.uuid4().hex, FIRST_LEVEL, *limits]
            )
        self._generation = generation.decode()
        return bool(new)

    async def exchange(
        self,
        *,
        want: int = 0,
        want_now: int = 0,
        items: int = 0,
        size: int = 0,
        ended: Sequence[tuple[str, str]] = (),
        pushes: Sequence[Push] = (),
        hosts: Sequence[HostRule] = (),
    ) -> Answer:
        args: list[Any] = [self._generation, self.worker, self._sequence, want, want_now]
        args += [*self._rules, items, size, len(ended), len(pushes), len(hosts)]
        # the youngest first: each that goes back is put before those already there
        for lease_id, outcome in sorted(ended, key=lambda row: -int(row[0])):
            args += [lease_id, outcome]
        for push in pushes:
            number = int.from_bytes(push.fingerprint[:8], "big") >> 1
            args += [number, number & 0x3FFFFFF, int(push.known), push.depth, _plain(push.host)]
            args += [",".join(push.path), push.body]
        for rule in hosts:
            args += [_plain(rule.host), rule.delay_ms, rule.not_before_ms]
        try:
            with _naming_absence():
                raw, *rest = await self._script(keys=[self.prefix], args=args)
        except ResponseError as error:
            if "GONE" in str(error):
                raise FrontierGoneError(f"{self.prefix} {error}") from error
            if isinstance(error, PASSING) or "MISCONF" in str(error):
                raise FrontierUnavailableError(f"Redis cannot write now: {error}") from error
            raise FrontierError(f"Redis refused: {error}") from error
        self._sequence += 1
        queued, in_flight, free_in, state = rest
        return Answer(
            leases=[
                Lease(
                    id=str(raw[i]), depth=int(raw[i + 1]), attempts=int(raw[i + 2]), body=raw[i + 3]
                )
                for i in range(0, len(raw), 4)
            ],
            queued=queued,
            in_flight=in_flight,
            free_in_ms=free_in,
            state=state.decode(),
        )

    async def recover(self, held: Container[str]) -> list[Lease]:
        with _naming_absence():
            rows = cast(
                "dict[bytes, bytes]", await self.redis.hgetall(self.key(f"lease:{self.worker}"))
            )
        found = []
        for lease_id, entry in sorted(rows.items(), key=lambda row: int(row[0])):
            if lease_id.decode() not in held:
                depth, _host, history, _path, body = entry.split(b";", 4)
                attempts = history.count(b"@died")
                found.append(
                    Lease(id=lease_id.decode(), depth=int(depth), attempts=int(attempts), body=body)
                )
        return found

    async def prune(self, nodes: Sequence[str]) -> None:
        with _naming_absence():
            await self.redis.sadd(self.key("pruned"), *nodes)

    async def leave(self, *, ended: bool = False) -> None:
        with suppress(FrontierUnavailableError), _naming_absence():
            if await self.redis.hlen(self.key(f"lease:{self.worker}")):
                return
            if ended and self.renew:
                await self._forget_ended("leave")
            else:
                await self.redis.zrem(self.key("workers"), self.worker)
                await self.redis.hdel(self.key("applied"), self.worker)

    async def _forget_ended(self, moment: Literal["join", "leave"]) -> None:
        lease_ms, *_, strict = self._rules
        await self._forget(keys=[self.prefix], args=[self.worker, lease_ms, moment, strict])

    async def close(self) -> None:
        await self.redis.aclose()

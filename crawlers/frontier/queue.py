"""The frontier in Redis: one script, ``exchange``, does everything a worker does to it.

Keys of a crawl share a hash tag (``gleanery:{crawl}:…``), so it runs on Redis Cluster and Valkey.
``docs/frontier.md`` draws the states of a request and explains the script.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Literal, cast

from redis.exceptions import (
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from crawlers.frontier.lua import ALLOW_OOM, script
from crawlers.frontier.protocol import Answer, Budget, FrontierQueue, Lease, Outbox, Rules, Speed
from gleanery.errors import (
    FrontierError,
    FrontierFullError,
    FrontierGoneError,
    FrontierUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from redis.asyncio import Redis

_EXCHANGE, _FORGET = script("fingerprints", "exchange"), script("forget")
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
PASSING = (ReadOnlyError, ClusterDownError)
"""Refusals of a Redis that is failing over: it will write again."""
FIRST_LEVEL = 4
"""log2 of the number of fingerprint buckets a crawl begins with; they are split as it grows."""


@contextmanager
def _naming_faults() -> Iterator[None]:
    """Turn Redis' errors into ours: what waiting heals is told from what it does not."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, RedisClusterException, OSError) as error:
        raise FrontierUnavailableError(f"Redis is away: {error}") from error
    except ResponseError as error:
        if "GONE" in str(error):
            raise FrontierGoneError(str(error)) from error
        if isinstance(error, OutOfMemoryError):
            raise FrontierFullError(f"Redis has reached its maxmemory: {error}") from error
        if isinstance(error, PASSING) or "MISCONF" in str(error):
            raise FrontierUnavailableError(f"Redis cannot write now: {error}") from error
        raise FrontierError(f"Redis refused: {error}") from error


def _plain(host: str) -> str:
    """Keep a host, which a page may have made up, from parting an entry."""
    return host.replace(";", "%3B")


class RedisQueue(FrontierQueue):
    """One crawl's queue, as one worker sees it."""

    def __init__(self, redis: Redis, crawl: str, worker: str, rules: Rules | None = None):
        """Prepare.

        Args:
            redis: A client that does not decode answers.
            crawl: Name of the crawl; workers with the same name share it.
            worker: Name of this worker, unique among those alive.
            rules: What all its exchanges have in common.
        """
        self.redis = redis
        self.prefix = f"gleanery:{{{crawl}}}:"
        self.worker = worker
        self.rules = rules or Rules()
        self._script = redis.register_script(_EXCHANGE)
        self._relief = redis.register_script(ALLOW_OOM + _EXCHANGE)
        self._forget = redis.register_script(_FORGET)
        self._begin = redis.register_script(_BEGIN)
        self._generation = ""
        self._sequence = 0

    def key(self, name: str) -> str:
        """Return the full name of one of the crawl's keys."""
        return self.prefix + name

    async def open(self, budget: Budget | None = None) -> bool:
        limits = [] if budget is None else [*astuple(budget)]
        with _naming_faults():
            if self.rules.renew:
                await self._forget_ended("join")
            new, generation = await self._begin(
                keys=[self.key("meta")], args=[uuid.uuid4().hex, FIRST_LEVEL, *limits]
            )
        self._generation = generation.decode()
        return bool(new)

    async def exchange(
        self,
        outbox: Outbox | None = None,
        *,
        want: int = 0,
        want_now: int = 0,
        rooms: Mapping[str, int] | None = None,
    ) -> Answer:
        wishes = (want, want_now, rooms or {})
        args = self._arguments(outbox or Outbox(), self._sequence, wishes)
        with _naming_faults():
            answer = await self._script(keys=[self.prefix], args=args)
        self._sequence += 1
        return _answer(answer)

    async def relieve(self, ended: Sequence[tuple[str, str]]) -> bool:
        # Unnumbered: what is refused keeps its number, whatever of it ends here. With nothing to
        # end it is a heartbeat, or others would take this worker's requests once there is room.
        args = self._arguments(Outbox(ended=[*ended]), "", (0, 0, {}))
        try:
            with _naming_faults():
                await self._relief(keys=[self.prefix], args=args)
        except (FrontierUnavailableError, FrontierGoneError):
            raise
        except FrontierError:  # Redis 6 knows no such flag
            return False
        return True

    def _arguments(
        self, outbox: Outbox, sequence: int | str, wishes: tuple[int, int, Mapping[str, int]]
    ) -> list[Any]:
        """Spell an exchange as ``exchange.lua`` reads it."""
        rules, (want, want_now, rooms) = self.rules, wishes
        args: list[Any] = [self._generation, self.worker, sequence, want, want_now]
        args += [rules.lease_ms, rules.max_attempts, rules.delay_ms, rules.concurrency]
        args += [rules.share, int(rules.strict), outbox.items, outbox.size, len(rooms)]
        args += [len(outbox.ended), len(outbox.pushes), len(outbox.hosts), len(outbox.pruned)]
        for host, room in rooms.items():
            args += [_plain(host), room]
        # the youngest first: each that goes back is put before those already there
        for lease_id, outcome in sorted(outbox.ended, key=lambda row: -int(row[0])):
            args += [lease_id, outcome]
        for push in outbox.pushes:
            number = int.from_bytes(push.fingerprint[:8], "big") >> 1
            args += [number, number & 0x3FFFFFF, int(push.known), push.depth, _plain(push.host)]
            args += [",".join(push.path), push.body]
        for rule in outbox.hosts:
            args += [_plain(rule.host), rule.delay_ms, rule.not_before_ms]
        return args + outbox.pruned

    async def recover(self, held: Container[str]) -> list[Lease]:
        with _naming_faults():
            rows = cast(
                "dict[bytes, bytes]", await self.redis.hgetall(self.key(f"lease:{self.worker}"))
            )
        found = []
        for lease_id, entry in sorted(rows.items(), key=lambda row: int(row[0])):
            if lease_id.decode() not in held:
                _at, depth, host, history, _path, body = entry.split(b";", 5)
                attempts = history.count(b"@died")
                found.append(
                    Lease(
                        id=lease_id.decode(),
                        depth=int(depth),
                        host=host.decode(),
                        attempts=attempts,
                        body=body,
                    )
                )
        return found

    async def leave(self, *, ended: bool = False) -> None:
        with suppress(FrontierUnavailableError), _naming_faults():
            if await self.redis.hlen(self.key(f"lease:{self.worker}")):
                return
            if ended and self.rules.renew:
                await self._forget_ended("leave")
            else:
                await self.redis.zrem(self.key("workers"), self.worker)
                await self.redis.hdel(self.key("applied"), self.worker)

    async def _forget_ended(self, moment: Literal["join", "leave"]) -> None:
        args: list[Any] = [self.worker, self.rules.lease_ms, moment, int(self.rules.strict)]
        await self._forget(keys=[self.prefix], args=args)

    async def close(self) -> None:
        await self.redis.aclose()


def _answer(raw: list[Any]) -> Answer:
    rows, queued, in_flight, free_in, state, *speed = raw
    return Answer(
        leases=[
            Lease(
                id=str(rows[i]),
                depth=int(rows[i + 1]),
                host=rows[i + 2].decode(),
                attempts=rows[i + 3],
                body=rows[i + 4],
            )
            for i in range(0, len(rows), 5)
        ],
        queued=queued,
        in_flight=in_flight,
        free_in_ms=free_in,
        state=state.decode(),
        speed=Speed(pages_per_minute=speed[0], concurrency=speed[1], delay_ms=speed[2]),
    )

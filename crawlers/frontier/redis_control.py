"""Steering a crawl in Redis from outside."""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal, cast

from redis.exceptions import RedisError, ResponseError

from crawlers.frontier.control import (
    CrawlRow,
    DeadLetter,
    FrontierControl,
    attempts_of,
    checked_limits,
    checked_speed,
    id_number,
    node_of,
)
from crawlers.frontier.lua import script
from crawlers.frontier.redis_report import read_report
from crawlers.frontier.report import FrontierReport, url_of
from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from redis import Redis

_QUEUE_AGAIN = script("queue_again")
_SET_STATE = """
if redis.call('HEXISTS', KEYS[1], 'generation') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1])
return 1
"""
_LIMIT = """
if redis.call('HEXISTS', KEYS[1], 'generation') == 0 then return 0 end
for i = 1, #ARGV, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    if name == 'max_seconds' then
        local began, seconds = redis.call('HGET', KEYS[1], 'began'), tonumber(value)
        name, value = 'deadline', seconds > 0 and began + seconds * 1000 or 0
    end
    redis.call('HSET', KEYS[1], name, value)
end
return 1
"""
BATCH = 500
"""Entries moved and keys deleted in one step: about 2 ms of Redis, then others have their turn."""


class RedisControl(FrontierControl):
    """One crawl in Redis."""

    def __init__(self, redis: Redis, crawl: str) -> None:
        """Prepare; ``redis`` is a client that does not decode answers."""
        self.redis = redis
        self.crawl = crawl
        self.prefix = f"gleanery:{{{crawl}}}:"
        self._again = redis.register_script(_QUEUE_AGAIN)
        self._set_state = redis.register_script(_SET_STATE)
        self._limit = redis.register_script(_LIMIT)

    def stats(self, *, hosts: bool = True) -> FrontierReport:
        with answering():
            return read_report(self.redis, self.crawl, self.prefix)

    def dead(self, limit: int = 100) -> list[DeadLetter]:
        with answering():
            self._require()
            ids = self._dead_ids()[:limit]
            rows = self.redis.hmget(self.prefix + "dead", ids) if ids else []
            pairs = zip(ids, cast("list[bytes | None]", rows), strict=True)
            return [_dead_letter(i, row) for i, row in pairs if row is not None]

    def requeue(self, ids: Sequence[str] | Literal["all"]) -> int:
        return self._letters("dead", ids)

    def discard(self, ids: Sequence[str] | Literal["all"]) -> int:
        return self._letters("discard", ids)

    def _letters(self, what: str, ids: Sequence[str] | Literal["all"]) -> int:
        with answering():
            self._require()
            chosen = self._dead_ids() if ids == "all" else sorted(set(ids), key=id_number)
            chosen.reverse()  # each goes to the head, so the oldest comes last
            return sum(
                self._again(keys=[self.prefix], args=[what, *chosen[start : start + BATCH]])
                for start in range(0, len(chosen), BATCH)
            )

    def prune(self, node: str) -> bool:
        with answering():
            self._require()
            return bool(self.redis.sadd(self.prefix + "pruned", node_of(node)))

    def restore(self, node: str) -> int:
        with answering():
            self._require()
            self.redis.srem(self.prefix + "pruned", node_of(node))
            restored = moved = self._restore_round(node_of(node))
            while moved:  # workers may have set more aside while that went on
                moved = self._restore_round(node_of(node))
                restored += moved
            return restored

    def pruned(self, limit: int = 100) -> list[str]:
        with answering():
            self._require()
            found = self.redis.srandmember(self.prefix + "pruned", limit)
            return [node.decode() for node in cast("list[bytes]", found)]

    def pause(self) -> None:
        self._change_state("paused")

    def resume(self) -> None:
        self._change_state("running")

    def limit(self, limits: Mapping[str, int]) -> None:
        self._set(checked_limits(limits))

    def set_speed(self, changes: Mapping[str, int]) -> None:
        self._set(checked_speed(changes) | {"pace_at": 0})

    def _set(self, values: Mapping[str, int]) -> None:
        pairs = [word for pair in values.items() for word in pair]
        with answering():
            if not self._limit(keys=[self.prefix + "meta"], args=pairs):
                self._require()

    def drop(self) -> None:
        with answering():
            self._require()
            # Without its generation every exchange is refused, so nothing is written behind us.
            self.redis.hdel(self.prefix + "meta", "generation")
            keys: list[bytes] = []
            for key in self.redis.scan_iter(match=_literally(self.prefix) + "*", count=BATCH):
                keys.append(key)
                if len(keys) >= BATCH:
                    self.redis.unlink(*keys)
                    keys = []
            if keys:
                self.redis.unlink(*keys)

    def _require(self) -> None:
        if not self.redis.hexists(self.prefix + "meta", "generation"):
            raise FrontierGoneError(
                f"There is no crawl {self.crawl!r} in Redis (그런 수집이 없습니다)"
            )

    def _change_state(self, state: str) -> None:
        with answering():
            if not self._set_state(keys=[self.prefix + "meta"], args=[state]):
                self._require()

    def _dead_ids(self) -> list[str]:
        """The oldest first."""
        rows = self.redis.hscan_iter(self.prefix + "dead", count=BATCH)
        return sorted({lease_id.decode() for lease_id, _ in rows}, key=id_number)

    def _restore_round(self, node: str) -> int:
        left, moved = self.redis.llen(self.prefix + "pruned_queue"), 0
        while left > 0:
            moved += self._again(keys=[self.prefix], args=["pruned", node, min(left, BATCH)])
            left -= BATCH
        return moved


def crawls(redis: Redis, *, after: str = "", most: int | None = None) -> list[CrawlRow]:
    """List ``most`` crawls of a Redis, by name; it is scanned, without stopping its other work.

    Raises:
        FrontierUnavailableError: Redis is away.
    """
    with answering():
        keys = redis.scan_iter(match="gleanery:{*}:meta", count=1000)
        names = sorted(key.decode()[len("gleanery:{") : -len("}:meta")] for key in keys)
        rows = (_row(redis, name) for name in names if name > after)
        return list(islice((row for row in rows if row is not None), most))


@contextmanager
def answering() -> Iterator[None]:
    """Turn Redis' errors into ours."""
    try:
        yield
    except ResponseError as error:
        if "GONE" in str(error):
            raise FrontierGoneError(str(error)) from error
        raise FrontierError(f"Redis refused: {error}") from error
    except (RedisError, OSError) as error:
        raise FrontierUnavailableError(
            f"Redis does not answer (Redis에 연결할 수 없습니다): {error}"
        ) from error


def _row(redis: Redis, crawl: str) -> CrawlRow | None:
    prefix = f"gleanery:{{{crawl}}}:"
    with redis.pipeline(transaction=True) as pipe:
        pipe.hmget(prefix + "meta", "generation", "state")
        for name in ("queued", "inflight", "done"):
            pipe.hvals(prefix + name)
        pipe.hlen(prefix + "dead")
        pipe.zcard(prefix + "workers")
        (generation, state), queued, flying, done, dead, workers = pipe.execute()
    if generation is None:
        return None
    return CrawlRow(
        crawl=crawl,
        state=(state or b"running").decode(),
        queued=sum(map(int, queued)),
        in_flight=sum(map(int, flying)),
        done=sum(map(int, done)),
        dead=dead,
        workers=workers,
    )


def _dead_letter(lease_id: str, row: bytes) -> DeadLetter:
    depth, host, history, _path, body = row.split(b";", 4)
    return DeadLetter(
        id=lease_id,
        depth=int(depth),
        host=host.decode("utf-8", "replace"),
        url=url_of(body),
        history=attempts_of(history.decode()),
    )


def _literally(text: str) -> str:
    """Escape what a Redis pattern would take for a wildcard."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", text)

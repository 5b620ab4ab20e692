"""What an operator does to a crawl in Redis from outside: look, pause, prune, re-queue, drop."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from redis.exceptions import RedisError, ResponseError
from scrapy import Request
from scrapy.utils.request import fingerprint

from crawlers.frontier.report import FrontierReport, read_report, url_of
from gleanery.errors import FrontierError, FrontierGoneError, FrontierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from redis import Redis

_QUEUE_AGAIN = Path(__file__).with_name("scripts") / "queue_again.lua"
_SET_STATE = """
if redis.call('HEXISTS', KEYS[1], 'generation') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1])
return 1
"""
BATCH = 500
"""Entries moved and keys deleted in one step: about 2 ms of Redis, then others have their turn."""


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One failure of a request."""

    at: datetime
    worker: str
    reason: str
    """``died`` (its worker), ``failed`` (its callback, or storing an item), ``unreadable``."""


@dataclass(slots=True, kw_only=True)
class DeadLetter:
    """A request that is tried no more until someone queues it again."""

    id: str
    depth: int
    host: str
    url: str
    history: list[Attempt] = field(default_factory=list)
    """The oldest failure first."""


@dataclass(slots=True, kw_only=True)
class CrawlRow:
    """One line of the list of crawls."""

    crawl: str
    state: str
    queued: int
    in_flight: int
    done: int
    dead: int
    workers: int


class FrontierControl:
    """One crawl's frontier, from outside; every method may run beside the crawl's workers.

    Methods raise ``FrontierUnavailableError`` if Redis is away and ``FrontierGoneError`` if there
    is no such crawl.
    """

    def __init__(self, redis: Redis, crawl: str) -> None:
        """Prepare; ``redis`` is a client that does not decode answers."""
        self.redis = redis
        self.crawl = crawl
        self.prefix = f"gleanery:{{{crawl}}}:"
        self._again = redis.register_script(_QUEUE_AGAIN.read_text(encoding="utf-8"))
        self._set_state = redis.register_script(_SET_STATE)

    def stats(self) -> FrontierReport:
        """Count what there is; ``report.rates`` compares two such counts."""
        with answering():
            return read_report(self.redis, self.crawl, self.prefix)

    def dead(self, limit: int = 100) -> list[DeadLetter]:
        """List the oldest dead letters, at most ``limit`` of them."""
        with answering():
            self._require()
            ids = self._dead_ids()[:limit]
            rows = self.redis.hmget(self.prefix + "dead", ids) if ids else []
            pairs = zip(ids, cast("list[bytes | None]", rows), strict=True)
            return [_dead_letter(i, row) for i, row in pairs if row is not None]

    def requeue(self, ids: Sequence[str] | Literal["all"]) -> int:
        """Put dead letters back to the head of their depth, with an empty history.

        Returns:
            How many; ids that are not there count for nothing.
        """
        with answering():
            self._require()
            chosen = self._dead_ids() if ids == "all" else sorted(set(ids), key=_number)
            chosen.reverse()  # each goes to the head, so the oldest comes last
            return sum(
                self._again(keys=[self.prefix], args=["dead", *chosen[start : start + BATCH]])
                for start in range(0, len(chosen), BATCH)
            )

    def prune(self, node: str) -> bool:
        """Set a branch aside: nothing below ``node`` is leased any more.

        Args:
            node: Name of a request (``meta["node"]``), or the address of a page.

        Returns:
            Whether it was not pruned already.
        """
        with answering():
            self._require()
            return bool(self.redis.sadd(self.prefix + "pruned", node_of(node)))

    def restore(self, node: str) -> int:
        """Undo :meth:`prune`, in the old order; below another pruned node nothing comes back.

        Returns:
            How many requests were queued again. The rest of the branch was never taken out.
        """
        with answering():
            self._require()
            self.redis.srem(self.prefix + "pruned", node_of(node))
            restored = moved = self._restore_round(node_of(node))
            while moved:  # workers may have set more aside while that went on
                moved = self._restore_round(node_of(node))
                restored += moved
            return restored

    def pruned(self, limit: int = 100) -> list[str]:
        """Return up to ``limit`` pruned nodes, in no order."""
        with answering():
            self._require()
            found = self.redis.srandmember(self.prefix + "pruned", limit)
            return [node.decode() for node in cast("list[bytes]", found)]

    def pause(self) -> None:
        """Let workers finish what they hold, and lease nothing more until :meth:`resume`."""
        self._change_state("paused")

    def resume(self) -> None:
        """Undo :meth:`pause`."""
        self._change_state("running")

    def drop(self) -> int:
        """Delete the crawl; workers that still run end with ``frontier_gone``.

        Returns:
            How many keys were deleted.
        """
        with answering():
            self._require()
            # Without its generation every exchange is refused, so nothing is written behind us.
            self.redis.hdel(self.prefix + "meta", "generation")
            keys: list[bytes] = []
            deleted = 0
            for key in self.redis.scan_iter(match=_literally(self.prefix) + "*", count=BATCH):
                keys.append(key)
                if len(keys) >= BATCH:
                    deleted += self._unlink(keys)
                    keys = []
            return deleted + self._unlink(keys)

    def _unlink(self, keys: list[bytes]) -> int:
        return self.redis.unlink(*keys) if keys else 0

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
        return sorted({lease_id.decode() for lease_id, _ in rows}, key=_number)

    def _restore_round(self, node: str) -> int:
        left, moved = self.redis.llen(self.prefix + "pruned_queue"), 0
        while left > 0:
            moved += self._again(keys=[self.prefix], args=["pruned", node, min(left, BATCH)])
            left -= BATCH
        return moved


def crawls(redis: Redis) -> list[CrawlRow]:
    """List the crawls of a Redis, by name; it is scanned, without stopping its other work.

    Raises:
        FrontierUnavailableError: Redis is away.
    """
    with answering():
        keys = sorted(redis.scan_iter(match="gleanery:{*}:meta", count=1000))
        return [row for key in keys if (row := _row(redis, key)) is not None]


def node_of(node: str) -> str:
    """Return the node that an address stands for (a plain GET of it), or ``node`` itself."""
    if not re.match(r"https?://", node):
        return node
    return fingerprint(Request(node))[:4].hex()  # as middlewares.lineage names them


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


def _row(redis: Redis, key: bytes) -> CrawlRow | None:
    prefix = key.removesuffix(b"meta").decode()
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
        crawl=prefix.removeprefix("gleanery:{").removesuffix("}:"),
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
        history=[_attempt(text) for text in history.decode().split(",") if text],
    )


def _attempt(text: str) -> Attempt:
    at, rest = text.split("@", 1)
    worker, _, reason = rest.rpartition("@")
    return Attempt(
        at=datetime.fromtimestamp(int(float(at)) / 1000, tz=UTC), worker=worker, reason=reason
    )


def _number(lease_id: Any) -> int:
    return int(lease_id) if str(lease_id).isdigit() else 0


def _literally(text: str) -> str:
    """Escape what a Redis pattern would take for a wildcard."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", text)

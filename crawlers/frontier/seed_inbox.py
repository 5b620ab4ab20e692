"""Seeds that others write into Redis, as scrapy-redis' start URLs are; none is lost on its way."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from gleanery.errors import FrontierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from redis.asyncio import Redis

_TAKE = Path(__file__).with_name("scripts") / "take_seeds.lua"
PATIENCE_SECONDS = 30.0
"""A seed that was taken, and is not in the frontier after so long, is taken anew."""


@dataclass(slots=True, frozen=True)
class TakenSeed:
    """A seed that someone wrote, until it is acknowledged."""

    member: bytes
    """Its name among those taken, and the text."""

    @property
    def text(self) -> bytes:
        """What was written."""
        return self.member.split(b";", 1)[1]


class SeedInbox:
    """The key that feeders write to; several workers may take from it.

    A list, a set or a sorted set, as ``REDIS_START_URLS_AS_SET`` and ``_AS_ZSET`` of scrapy-redis
    would have it: the script looks which it is.
    """

    def __init__(self, redis: Redis, key: str, *, patience_seconds: float = PATIENCE_SECONDS):
        """Prepare; ``redis`` is a client that does not decode answers."""
        self.redis = redis
        self.key = key
        # One hash tag, so that a cluster keeps both keys on one node.
        self.taken_key = f"{key}:taken" if "{" in key else f"{{{key}}}:taken"
        self.bad_key = f"{key}:bad"
        self._patience_ms = int(patience_seconds * 1000)
        self._take = redis.register_script(_TAKE.read_text(encoding="utf-8"))

    async def take(self, limit: int) -> list[TakenSeed]:
        """Return up to ``limit`` seeds, those first that a dead worker had taken.

        Raises:
            FrontierUnavailableError: Redis is away, or the key holds something else.
        """
        with _naming_absence():
            keys = [self.key, self.taken_key]
            members = await self._take(keys=keys, args=[limit, self._patience_ms])
        return [TakenSeed(member) for member in cast("list[bytes]", members)]

    async def acknowledge(self, seeds: Sequence[TakenSeed]) -> None:
        """Forget seeds that are in the frontier.

        Raises:
            FrontierUnavailableError: Redis is away; they are taken anew, unless this is repeated.
        """
        if not seeds:
            return
        with _naming_absence():
            await self.redis.zrem(self.taken_key, *(seed.member for seed in seeds))

    async def park(self, seed: TakenSeed) -> None:
        """Put a seed aside that nobody can read, for a person to look at.

        Raises:
            FrontierUnavailableError: Redis is away.
        """
        with _naming_absence():
            await self.redis.rpush(self.bad_key, seed.text)
        await self.acknowledge([seed])

    async def close(self) -> None:
        """Let go of the connection."""
        await self.redis.aclose()


@contextmanager
def _naming_absence() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise FrontierUnavailableError(f"No seeds from Redis: {error}") from error

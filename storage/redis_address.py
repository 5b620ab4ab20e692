"""Addresses of Redis: one of a cluster says so, since it needs a client of its own."""

from __future__ import annotations

import re

from redis import Redis, RedisCluster


def split_address(url: str) -> tuple[str, bool]:
    """Return the address as redis-py takes it, and whether it is of a cluster.

    A cluster is written ``redis+cluster://NODE:PORT`` (or ``rediss+cluster://``); any of its nodes
    will do, the others are learnt from it.
    """
    plain = re.sub(r"^(rediss?)\+cluster://", r"\1://", url)
    return plain, plain != url


def open_redis(url: str, **options: object) -> Redis:
    """Return a synchronous client of a Redis or a cluster.

    Raises:
        ValueError: The address is malformed.
        redis.exceptions.RedisError: It is a cluster, and none of its nodes answers.
    """
    address, is_cluster = split_address(url)
    # both have the commands that we use; they have no common class
    kind: type[Redis] = RedisCluster if is_cluster else Redis  # type: ignore[assignment]
    return kind.from_url(address, **options)

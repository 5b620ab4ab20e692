"""Crawls where the configuration has them: in Redis if there is an address, else in files."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gleanery.errors import (
    ConfigError,
    FrontierError,
    FrontierGoneError,
    FrontierUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from redis import Redis

    from crawlers.frontier.control import FrontierControl
    from crawlers.frontier.report import FrontierReport
    from gleanery.config import Config


def listed_crawls(
    config: Config, url: str = "", *, after: str = "", most: int | None = None
) -> list[dict[str, object]]:
    """Return crawls by name, one row each: ``CrawlRow``'s fields.

    Args:
        config: Says where they are.
        url: Another Redis than the configured one.
        after: Name that they come after.
        most: How many; ``None`` = all.

    Raises:
        ConfigError: The address is malformed, or the package ``redis`` is not installed.
    """
    if url or config.redis_url:
        from crawlers.frontier.redis_control import crawls  # noqa: PLC0415 - an extra

        with connected(url or config.redis_url) as client:
            return [asdict(row) for row in crawls(client, after=after, most=most)]
    from crawlers.frontier import sqlite_control  # noqa: PLC0415

    folder = config.home / "frontier"
    return [asdict(row) for row in sqlite_control.crawls(folder, after=after, most=most)]


def reports_of(config: Config, names: Collection[str]) -> dict[str, FrontierReport]:
    """Return the reports of some crawls, by name, without those that are not there, or hosts.

    Raises:
        ConfigError: The address is malformed, or the package ``redis`` is not installed.
        FrontierUnavailableError: Redis is away.
    """
    found: dict[str, FrontierReport] = {}
    with ExitStack() as stack:
        client = stack.enter_context(connected(config.redis_url)) if config.redis_url else None
        for name in names:
            try:
                found[name] = _control(name, client or _file_of(config, name)).stats(hosts=False)
            except FrontierUnavailableError:
                raise
            except FrontierError:  # ended, or none of ours
                continue
    return found


def _control(crawl: str, place: Path | Redis) -> FrontierControl:
    if isinstance(place, Path):
        from crawlers.frontier.sqlite_control import SqliteControl  # noqa: PLC0415

        return SqliteControl(place, crawl)
    from crawlers.frontier.redis_control import RedisControl  # noqa: PLC0415 - an extra

    return RedisControl(place, crawl)


def _file_of(config: Config, crawl: str) -> Path:
    return config.home / "frontier" / f"{quote(crawl, safe='')}.db"


@contextmanager
def controlled_crawl(
    config: Config, crawl: str, *, url: str = "", path: Path | None = None
) -> Iterator[FrontierControl]:
    """Yield the control of ``crawl``.

    Args:
        config: Says where it is.
        crawl: Its name.
        url: Another Redis than the configured one.
        path: Its file, wherever that lies.

    Raises:
        ConfigError: There is no such crawl, or no client of Redis.
    """
    address = "" if path else url or config.redis_url
    try:
        with ExitStack() as stack:
            client = stack.enter_context(connected(address)) if address else None
            yield _control(crawl, client or path or _file_of(config, crawl))
    except FrontierGoneError as error:
        raise ConfigError(f"{error}. `gleanery frontier list` shows which there are.") from error


@contextmanager
def connected(url: str) -> Iterator[Redis]:
    """Yield a client of Redis at ``url``.

    Raises:
        ConfigError: The address is malformed, or the package ``redis`` is not installed.
    """
    try:
        from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
        from redis.retry import Retry  # noqa: PLC0415

        from storage.redis_address import open_redis  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("Install the shared frontier: pip install 'gleanery[server]'") from error
    try:
        client = open_redis(
            url,
            socket_connect_timeout=5,
            socket_timeout=10,
            retry=Retry(NoBackoff(), 0),  # a person is waiting: say at once that it is away
        )
    except ValueError as error:
        raise ConfigError(f"--redis, GLEANERY_REDIS_URL: {error}") from error
    with client:
        yield client

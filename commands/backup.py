"""``gleanery backup`` and ``gleanery restore``: what the stores keep, to a folder and back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from gleanery.config import Config
    from storage import StoreOptions

PARTS = ("mysql", "mongodb", "redis", "sqlite")
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help=f"{', '.join(PARTS)}; default: what is set. / 일부만."),
]


def backup(
    *,
    to: Annotated[Path, typer.Option(help="Folder of all backups. / 백업 폴더.")],
    only: Only = None,
    keep: Annotated[
        int, typer.Option(min=0, help="Backups that stay, newest; 0 = all. / 보관 개수.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Back up MySQL, MongoDB, Redis and the embedded files, as they are set (백업)."""
    from storage.backup import thin_out, write_backup

    config, options = _settings()
    made = write_backup(to, {part: _writer(part, config, options) for part in _parts(config, only)})
    gone = thin_out(to, keep)
    if as_json:
        print_json({"backup": str(made), "removed": [str(path) for path in gone]})
    else:
        say(f"{made} ({len(gone)} older ones removed / 이전 백업 {len(gone)}개 삭제)")


def restore(
    *,
    folder: Annotated[Path, typer.Argument(help="One backup; its bytes are checked first.")],
    only: Only = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite what is there. / 덮어씁니다.")
    ] = False,
    redis_folder: Annotated[
        Path | None, typer.Option(help="`dir` of a Redis that stands still. / Redis 데이터 폴더.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into the stores that are set, empty unless --replace (복원)."""
    from gleanery.errors import ConfigError, StoreError
    from storage.backup import open_backup

    config, options = _settings()
    parts = {part.name: part.counts for part in open_backup(folder)}
    if missing := set(_known(only or parts)) - set(parts):
        raise StoreError(f"{folder} holds no {min(missing)} (백업에 없습니다)")
    chosen = {name: counts for name, counts in parts.items() if not only or name in only}
    if "redis" in chosen and redis_folder is None:
        raise ConfigError("--redis-folder says where that Redis keeps its files (필요합니다)")
    for name in chosen:
        _reader(name, config, options, redis_folder)(folder, replace=replace)
    if as_json:
        print_json({"backup": str(folder), "restored": chosen})
    else:
        say(f"{', '.join(chosen)}: restored from {folder} (복원했습니다)")


def _settings() -> tuple[Config, StoreOptions]:
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from storage import StoreOptions

    config = load_config()
    hide_secrets(config)
    return config, StoreOptions.read(config.scrapy_settings().get)


def _parts(config: Config, only: list[str] | None) -> list[str]:
    if only:
        return list(_known(only))
    stores = [name for name in PARTS[:2] if name in config.store]
    return [*stores, *(["redis"] if config.redis_url else []), "sqlite"]


def _known(parts: list[str] | dict[str, dict[str, int]]) -> list[str]:
    from gleanery.errors import ConfigError

    if unknown := set(parts) - set(PARTS):
        raise ConfigError(f"No part {min(unknown)!r}: {', '.join(PARTS)} (그런 항목이 없습니다)")
    return list(parts)


def _writer(part: str, config: Config, options: StoreOptions) -> Callable[[Path], dict[str, int]]:
    if part == "sqlite":
        from storage.backup import sqlite

        return partial(sqlite.write, home=config.home, store_file=config.store_file)
    if part == "redis":
        from storage.backup import redis

        return partial(redis.write, url=config.redis_url)
    if part == "mysql":
        from storage.backup import mysql

        return partial(mysql.write, options=options)
    from storage.backup import mongodb

    return partial(mongodb.write, options=options)


def _reader(
    part: str, config: Config, options: StoreOptions, redis_folder: Path | None
) -> Callable[..., None]:
    if part == "sqlite":
        from storage.backup import sqlite

        return partial(sqlite.restore, home=config.home, store_file=config.store_file)
    if part == "redis":
        from storage.backup import redis

        return partial(redis.restore, target=redis_folder or Path())
    if part == "mysql":
        from storage.backup import mysql

        return partial(mysql.restore, options=options)
    from storage.backup import mongodb

    return partial(mongodb.restore, options=options)

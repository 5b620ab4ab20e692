"""``gleanery db``: prepare the stores of servers, look after them, move what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.db_accounts import accounts
from commands.db_copy import copy
from commands.db_reconcile import reconcile
from commands.db_replay import replay
from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from storage import Store

db = typer.Typer(
    help="Prepare and look after MySQL and MongoDB, copy stores (저장소 관리).",
    no_args_is_help=True,
)
db.command()(accounts)
db.command()(copy)
db.command()(reconcile)
db.command()(replay)


@db.command()
def init(as_json: AsJson = False) -> None:
    """Make the tables, collections and indexes of the store that is set (초기화)."""
    made = _configured().init()
    _tell(as_json, made, made=made)


@db.command()
def migrate(
    *,
    to: Annotated[str, typer.Option(help="Revision to go up to. / 올릴 버전.")] = "head",
    down: Annotated[
        str, typer.Option(help="Go down to it instead; `base` drops all. / 내릴 버전.")
    ] = "",
    sql: Annotated[
        bool, typer.Option("--sql", help="Only print the SQL (TO, or FROM:TO). / SQL만 출력.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the tables of MySQL to a revision (테이블 버전 변경)."""
    from storage import StoreOptions

    migrations, connect = _mysql()
    if sql:
        typer.echo(migrations.offline_sql(to, down=down))
        return
    database = connect(StoreOptions.read(_settings().get))
    try:
        if down:
            migrations.downgrade(database, down)
        else:
            migrations.upgrade(database, to)
        revision = database.transact(migrations.current)
    finally:
        database.close()
    _tell(as_json, [f"revision / 버전: {revision}"], revision=revision)


@db.command()
def check(as_json: AsJson = False) -> None:
    """Look for what should be mended; exit status 1 if there is anything (점검)."""
    from commands.db_replay import spool_problems
    from gleanery.config import load_config
    from gleanery.errors import StoreUnavailableError

    found = spool_problems(load_config())
    try:
        with _configured() as store:
            found += store.check()
    except StoreUnavailableError as error:
        found.append(f"The store is away (저장소에 연결할 수 없음): {error}")
    _tell(as_json, found or ["Nothing to mend (이상 없음)"], problems=found)
    if found:
        raise typer.Exit(1)


def _settings() -> dict[str, Any]:
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets

    config = load_config()
    hide_secrets(config)
    return config.scrapy_settings()


def _configured() -> Store:
    from storage import configured_store

    return configured_store(_settings().get)


def _mysql() -> tuple[Any, Any]:
    """Return the module of migrations, and what connects.

    Raises:
        ConfigError: The drivers are not installed.
    """
    from gleanery.errors import ConfigError

    try:
        from storage.mysql import migrate as migrations
        from storage.mysql.database import Database
    except ImportError as error:
        raise ConfigError(
            f"The drivers are missing (드라이버 없음): pip install 'gleanery[server]' ({error})"
        ) from error
    return migrations, Database


def _tell(as_json: bool, lines: list[str], **facts: object) -> None:
    if as_json:
        print_json(facts)
    else:
        say("\n".join(lines))

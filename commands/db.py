"""``gleanery db``: prepare the stores of servers, look after them, move what is in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.db_accounts import accounts
from commands.db_reconcile import reconcile
from commands.db_replay import replay
from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from pathlib import Path

    from gleanery.config import Config
    from storage import Store

db = typer.Typer(
    help="Prepare and look after MySQL and MongoDB, copy stores (저장소 관리).",
    no_args_is_help=True,
)
db.command()(accounts)
db.command()(reconcile)
db.command()(replay)
Place = "sqlite:FILE, mysql://…, mongodb://…, or mysql+mongodb as set. / 저장소."


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


@db.command()
def copy(
    *,
    source: Annotated[str, typer.Option("--from", help=Place)],
    target: Annotated[str, typer.Option("--to", help=Place)],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, not where it stopped. / 처음부터.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy every item, page and proposal, then compare both; run it again to go on (복사)."""
    from dataclasses import asdict

    from commands.counting import counting_bar
    from gleanery.config import load_config
    from gleanery.errors import StoreError
    from storage import StoreOptions, copying
    from storage.places import store_at

    config = load_config()
    options = StoreOptions.read(_settings().get)
    origin, goal = store_at(source, options), store_at(target, options)
    if origin.name == "sqlite" and not origin.path.exists():
        raise StoreError(f"There is no store in {origin.path} (저장소가 없습니다)")
    mark = _Mark(config, source, target)
    if not _is_ready(goal):  # else an account without rights over tables is enough
        goal.init()
    with origin, goal:
        total = origin.stats(classified_kinds=[]).total
        with counting_bar("copied / 복사") as show:

            def reached(done: int) -> None:
                mark.set(done)
                show(done, total)

            copying.copy(origin, goal, after=0 if fresh else mark.get(), progress=reached)
        with counting_bar("compared / 비교") as show:
            found = copying.compare(origin, goal, progress=lambda done: show(done, total))
    mark.forget()  # done, or to be begun anew
    lines = [
        f"{found.items} items, {found.proposals} proposals, {found.records} records"
        " (항목, 제안, 기록)",
        f"missing / 없음: {found.missing}, differing / 다름: {found.differing}",
        f"SHA-256: {found.source_checksum}, {found.target_checksum}",
    ]
    _tell(as_json, lines, **asdict(found), complete=found.complete)
    if not found.complete:
        raise typer.Exit(1)


def _is_ready(store: Store) -> bool:
    from gleanery.errors import StoreError

    try:
        with store:
            return True
    except StoreError:
        return False


class _Mark:
    """How far a copy came, in ``HOME/copies``."""

    def __init__(self, config: Config, source: str, target: str) -> None:
        from hashlib import sha256

        name = sha256(f"{source}\n{target}".encode()).hexdigest()[:16]
        self._file: Path = config.home / "copies" / f"{name}.json"

    def get(self) -> int:
        try:
            return int(json.loads(self._file.read_text(encoding="utf-8"))["done"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def set(self, done: int) -> None:
        from gleanery.files import write_whole

        write_whole(self._file, json.dumps({"done": done}).encode())

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)


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

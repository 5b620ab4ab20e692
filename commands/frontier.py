"""``gleanery frontier``: look at crawls, in Redis or in files, and steer them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.frontier_tables import show_dead, show_report
from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlers.frontier.control import FrontierControl

frontier = typer.Typer(
    help="Look at crawls, in Redis or in files, and steer them (수집을 보고 다룹니다).",
    no_args_is_help=True,
)
Crawl = Annotated[
    str, typer.Argument(help="Name of the crawl, its file or JOBDIR. / 수집 이름, 파일, JOBDIR.")
]
RedisUrl = Annotated[
    str,
    typer.Option(
        "--redis",
        help="Default: GLEANERY_REDIS_URL; without it, files in HOME/frontier. / Redis 주소.",
    ),
]
Ids = Annotated[
    list[str] | None, typer.Argument(help="Ids shown by `dead`. / `dead`가 보여 주는 번호.")
]
Every = Annotated[bool, typer.Option("--all", help="All of them. / 모두.")]
Limit = Annotated[int, typer.Option(min=1, help="Rows at most. / 최대 행 수.")]


@frontier.command("list")
def list_crawls(redis: RedisUrl = "", as_json: AsJson = False) -> None:
    """List the crawls (수집 목록)."""
    rows, where = _listed(redis)
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("crawl / 수집", "state / 상태", "#queued", "#in flight", "#done", "#dead")
        cells = ([*row.values()] for row in rows)
        print_table("Crawls / 수집", (*columns, "#workers"), cells)
    else:
        say(f"There is no crawl in {where} (수집이 없습니다).")


@frontier.command()
def stats(
    crawl: Crawl,
    redis: RedisUrl = "",
    watch: Annotated[
        float, typer.Option(help="Again each so many seconds, with rates. / 반복 간격(초).", min=0)
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Count what is queued, in flight, done, pruned and dead (대기열 현황)."""
    from crawlers.frontier.report import rates

    with controlled(crawl, redis) as control:
        report, pace = control.stats(), None
        while True:
            if as_json:
                print_json(asdict(report) | {"rates": asdict(pace) if pace else None})
            else:
                show_report(report, pace)
            if not watch:
                return
            time.sleep(watch)
            before, report = report, control.stats()
            pace = rates(before, report)


@frontier.command()
def dead(crawl: Crawl, redis: RedisUrl = "", limit: Limit = 50, as_json: AsJson = False) -> None:
    """List dead letters: requests that failed too often (포기한 요청)."""
    with controlled(crawl, redis) as control:
        letters = control.dead(limit)
    if as_json:
        print_json([asdict(letter) for letter in letters])
    else:
        show_dead(letters)


@frontier.command()
def requeue(
    crawl: Crawl,
    ids: Ids = None,
    every: Every = False,
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Put dead letters back to the head of their depth (포기한 요청을 다시 대기열로)."""
    letters = _chosen(ids, every=every)
    with controlled(crawl, redis) as control:
        number = control.requeue(letters)
    _tell(as_json, f"{number} queued again / 다시 대기열로: {number}", requeued=number)


@frontier.command()
def discard(
    crawl: Crawl,
    ids: Ids = None,
    every: Every = False,
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Forget dead letters for good (포기한 요청을 버림)."""
    letters = _chosen(ids, every=every)
    with controlled(crawl, redis) as control:
        number = control.discard(letters)
    _tell(as_json, f"{number} discarded / 버림: {number}", discarded=number)


@frontier.command()
def prune(
    crawl: Crawl,
    node: Annotated[
        str, typer.Argument(help="Address of a page, or its node. / 페이지 주소나 노드.")
    ],
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Set a branch aside: nothing below that page is fetched (가지치기)."""
    with controlled(crawl, redis) as control:
        new = control.prune(node)
    _tell(
        as_json,
        "Pruned / 가지를 쳤습니다" if new else "Was pruned already / 이미 쳤습니다",
        new=new,
    )


@frontier.command()
def restore(
    crawl: Crawl,
    node: Annotated[str, typer.Argument(help="What `prune` was given. / `prune`에 준 것.")],
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Undo `prune` (가지치기 취소)."""
    with controlled(crawl, redis) as control:
        number = control.restore(node)
    _tell(as_json, f"{number} queued again / 다시 대기열로: {number}", restored=number)


@frontier.command()
def pause(crawl: Crawl, redis: RedisUrl = "", as_json: AsJson = False) -> None:
    """Lease nothing more until `resume`; what is under way ends (일시 정지)."""
    with controlled(crawl, redis) as control:
        control.pause()
    _tell(as_json, "Paused / 일시 정지했습니다", state="paused")


@frontier.command()
def resume(crawl: Crawl, redis: RedisUrl = "", as_json: AsJson = False) -> None:
    """Undo `pause` (다시 시작)."""
    with controlled(crawl, redis) as control:
        control.resume()
    _tell(as_json, "Running / 다시 시작했습니다", state="running")


@frontier.command()
def limit(
    crawl: Crawl,
    limits: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=NUMBER…",
            help="max_pages, max_items, max_bytes, max_seconds; 0 = none. / 한도; 0 = 없음.",
        ),
    ],
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Change what a crawl may use up while it runs (실행 중 한도 변경)."""
    with controlled(crawl, redis) as control:
        control.limit(_numbers(limits))
        budgets = control.stats().budgets
    _tell(as_json, f"Limits / 한도: {budgets or '–'}", budgets=budgets)


@frontier.command()
def speed(
    crawl: Crawl,
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=NUMBER…",
            help="pages_per_minute, concurrency (0 = undo), delay_ms (-1 = undo). / 속도.",
        ),
    ],
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Change how fast a crawl goes while it runs (실행 중 속도 변경)."""
    with controlled(crawl, redis) as control:
        control.set_speed(_numbers(changes))
        now = control.stats().speed
    _tell(as_json, f"Speed / 속도: {now or '–'}", speed=now)


@frontier.command()
def drop(
    crawl: Crawl,
    yes: Annotated[
        bool, typer.Option("--yes", help="Really delete it. / 정말로 지웁니다.")
    ] = False,
    redis: RedisUrl = "",
    as_json: AsJson = False,
) -> None:
    """Delete a crawl; its running workers end (수집 삭제)."""
    from gleanery.errors import ConfigError

    with controlled(crawl, redis) as control:
        report = control.stats()
        if not yes:
            raise ConfigError(
                f"{report.queued + report.in_flight} requests of {crawl!r} would be lost; say --yes"
                " (대기 중인 요청이 사라집니다. --yes를 붙이세요)."
            )
        control.drop()
    _tell(as_json, "Deleted / 지웠습니다", dropped=crawl)


def _numbers(words: list[str]) -> dict[str, int]:
    """Read ``NAME=NUMBER`` words; anything else is a ``ConfigError``."""
    from gleanery.errors import ConfigError

    chosen: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isascii() or not number.removeprefix("-").isdigit():
            raise ConfigError(f"{word!r} is not NAME=NUMBER (이름=숫자가 아닙니다)")
        chosen[name] = int(number)
    return chosen


def _chosen(ids: list[str] | None, *, every: bool) -> list[str] | Literal["all"]:
    """Return which dead letters are meant.

    Raises:
        ConfigError: Neither ids nor all, or both.
    """
    from gleanery.errors import ConfigError

    if bool(ids) == every:
        raise ConfigError("Give ids, or --all (번호나 --all 가운데 하나를 주세요).")
    return "all" if every else ids or []


def _tell(as_json: bool, text: str, **facts: object) -> None:
    if as_json:
        print_json(facts)
    else:
        say(text)


def _listed(url: str) -> tuple[list[dict[str, object]], str]:
    """Return the crawls, one row each, and where they were looked for."""
    from crawlers.frontier.opened import listed_crawls
    from gleanery.config import load_config

    config = load_config()
    where = "Redis" if url or config.redis_url else str(config.home / "frontier")
    return listed_crawls(config, url), where


@contextmanager
def controlled(crawl: str, url: str) -> Iterator[FrontierControl]:
    """Yield the control of ``crawl``: in Redis if there is an address, else in a file.

    Raises:
        ConfigError: There is no such crawl, or no client of Redis.
    """
    from crawlers.frontier.opened import controlled_crawl
    from gleanery.config import load_config

    path = None if url else _file_of(crawl)
    with controlled_crawl(load_config(), crawl, url=url, path=path) as control:
        yield control


def _file_of(crawl: str) -> Path | None:
    """Return the file that ``crawl`` names, itself or as a JOBDIR; ``None`` if it is a name."""
    path = Path(crawl)
    if (path / "frontier.db").is_file():
        return path / "frontier.db"
    return path if path.suffix == ".db" and path.is_file() else None

"""``gleanery schedules``: crawls that start by the clock."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.jobs import opened, pairs, tell_done
from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from storage.jobs import Schedule

schedules = typer.Typer(help="Crawls that start by the clock (예약된 수집).", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the schedule. / 예약 이름.")]
SHOWN = 3
"""Next times of each that are shown."""


@schedules.command()
def add(
    *,
    name: Name,
    spider: Annotated[str, typer.Argument(metavar="PLATFORM", help="reddit, google, youtube, …")],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Its arguments. / 인자.")
    ] = None,
    cron: Annotated[str, typer.Option(help="e.g. '0 3 * * *'. / 예약 시각.")],
    zone: Annotated[str, typer.Option(help="Time zone, e.g. Asia/Seoul. / 시간대.")] = "UTC",
    settings: Annotated[
        list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="A setting. / 설정.")
    ] = None,
    priority: Annotated[float, typer.Option(help="Higher ones first. / 우선순위.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Start a crawl again and again (수집 예약)."""
    with opened() as (queue, config):
        from crawlers.scrapyd import scheduling

        made = scheduling.add(
            queue, config, name, spider, pairs(given or []),
            cron=cron, zone=zone, settings=settings or (), priority=priority,
        )  # fmt: skip
    if as_json:
        print_json(facts(made))
    else:
        say(f"{name}: next / 다음 {', '.join(_times(made))}")


@schedules.command("list")
def list_schedules(as_json: AsJson = False) -> None:
    """List them with their next times (예약 목록)."""
    with opened() as (queue, _):
        from storage.jobs import Schedules

        found = Schedules(queue.ledger).all()
    if as_json:
        print_json([facts(each) for each in found])
        return
    columns = ("=name / 이름", "spider", "cron", "next / 다음", "last job / 지난 작업")
    rows = [(s.name, s.spider, f"{s.cron} {s.zone}", _times(s)[0], s.job or "") for s in found]
    print_table("Schedules / 예약", columns, rows)


@schedules.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Forget one; its jobs stay (예약 삭제)."""
    with opened() as (queue, _):
        from crawlers.scrapyd import scheduling

        scheduling.remove(queue, name)
    tell_done(as_json, f"Removed / 삭제했습니다: {name}", removed=name)


@schedules.command()
def run(name: Name, as_json: AsJson = False) -> None:
    """Queue a job of one now (지금 시작)."""
    with opened() as (queue, _):
        from crawlers.scrapyd import scheduling

        job = scheduling.run(queue, name)
    tell_done(as_json, f"Queued / 대기열에 넣었습니다: {job}", job=job)


def facts(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule with its next times, ISO 8601 in its own zone."""
    return asdict(schedule) | {"next": [t.isoformat() for t in schedule.upcoming(SHOWN)]}


def _times(schedule: Schedule) -> list[str]:
    times = schedule.upcoming(SHOWN)
    return [f"{t:%Y-%m-%d %H:%M %Z}" for t in times] or ["–"]

"""Schedules asked for, removed and run: one way for commands and the admin page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlers.scrapyd.checks import check_arguments, check_priority, check_settings
from gleanery.errors import ConfigError
from storage.jobs import Schedule, Schedules
from storage.jobs.schedule import check_name, check_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlers.scrapyd.queue import JobQueue
    from gleanery.config import Config


def add(
    queue: JobQueue,
    config: Config,
    name: str,
    spider: str,
    arguments: Mapping[str, str],
    *,
    cron: str,
    zone: str = "UTC",
    settings: Iterable[str] = (),
    priority: float = 0.0,
) -> Schedule:
    """Keep a new schedule, and return it.

    Args:
        queue: Beside whose jobs it is kept.
        config: Says which settings a job may set.
        name: Of the schedule.
        spider: Name of the spider.
        arguments: Of the spider.
        cron: Five fields, see ``Schedule.cron``.
        zone: IANA time zone of ``cron``.
        settings: ``NAME=VALUE`` words.
        priority: Of its jobs; higher ones first.

    Raises:
        ConfigError: Something does not fit, or the name is taken.
    """
    check_times(cron, zone)
    schedule = Schedule(
        name=check_name(name),
        spider=spider,
        arguments=check_arguments(spider, arguments),
        settings=check_settings(settings, config.scrapyd_settings),
        priority=check_priority(priority),
        cron=" ".join(cron.split()),
        zone=zone,
    )
    if not Schedules(queue.ledger).add(schedule):
        raise ConfigError(f"there is a schedule {name!r} already (이미 있는 예약입니다)")
    return known(queue, name)


def remove(queue: JobQueue, name: str) -> None:
    """Forget a schedule; jobs that it started stay as they are.

    Raises:
        ConfigError: There is none of that name.
    """
    known(queue, name)
    Schedules(queue.ledger).remove(name)


def run(queue: JobQueue, name: str) -> str:
    """Queue a job of a schedule now, besides its times; return the job's name.

    Raises:
        ConfigError: There is no such schedule, or its last job has not ended.
    """
    schedule = known(queue, name)
    job = Schedules(queue.ledger).run(schedule)
    if job is None:
        raise ConfigError(f"{schedule.job} has not ended (아직 끝나지 않았습니다)")
    queue.renew()
    return job.job


def known(queue: JobQueue, name: str) -> Schedule:
    """Return a schedule.

    Raises:
        ConfigError: There is none of that name.
    """
    found = Schedules(queue.ledger).find(name)
    if found is None:
        raise ConfigError(f"no schedule {name[:80]!r} (그런 예약이 없습니다)")
    return found

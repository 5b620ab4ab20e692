"""A crawl that is to run again and again, by the clock."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from gleanery.errors import ConfigError
from storage.jobs.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
LONGEST = 100
"""Characters of a cron expression."""


@dataclass(slots=True, kw_only=True)
class Schedule:
    """What is started, and when."""

    name: str
    """Letters, digits, ``-`` and ``_``, at most 40; the names of its jobs begin with it."""
    spider: str
    arguments: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    priority: float = 0.0
    cron: str
    """Minute, hour, day of the month, month, day of the week, as in a crontab."""
    zone: str = "UTC"
    """IANA time zone that ``cron`` is meant in."""
    created_at: str = ""
    next_at: str | None = None
    """When it is due; in the past: as soon as its last job has ended."""
    last_at: str | None = None
    job: str | None = None
    """The job that it started last."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of the table ``schedules``."""
        texts = {name: json.loads(row[name]) for name in ("arguments", "settings")}
        return cls(**(dict(row) | texts))

    def new_job(self) -> Job:
        """Return a job of it that begins now."""
        name = f"{self.name}-{datetime.now(UTC):%Y%m%dT%H%M}-{uuid.uuid4().hex[:6]}"
        return Job(
            job=name,
            spider=self.spider,
            priority=self.priority,
            arguments=self.arguments,
            settings=self.settings,
        )

    def upcoming(self, count: int) -> list[datetime]:
        """Return the next times from now on, in its own zone."""
        return next_times(self.cron, self.zone, count)


def check_name(name: str) -> str:
    """Return a schedule's name.

    Raises:
        ConfigError: It is none.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"schedule {name[:80]!r}: 1 to 40 of A-Z a-z 0-9 _ - (예약 이름)")
    return name


def check_times(cron: str, zone: str) -> None:
    """Check that there is a next time.

    Raises:
        ConfigError: The expression or the zone is none, or that time never comes.
    """
    if not next_times(cron, zone, 1):
        raise ConfigError(f"cron {cron!r} never comes (오지 않는 시각입니다)")


def next_times(cron: str, zone: str, count: int) -> list[datetime]:
    """Return the next times from now on, fewer if there are no more.

    A time of day that summer time leaves out runs right after the gap, one that comes twice runs
    once, as in Debian's cron.

    Raises:
        ConfigError: The expression or the zone is none.
    """
    if len(cron) > LONGEST or len(cron.split()) != 5:
        raise ConfigError(f"cron {cron[:80]!r}: five fields, e.g. '0 3 * * *' (다섯 칸)")
    try:
        there = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"time zone {zone[:80]!r}: e.g. UTC or Asia/Seoul (시간대)") from error
    try:
        return list(islice(CronSim(cron, datetime.now(there)), count))
    except CronSimError as error:
        raise ConfigError(f"cron {cron!r}: {error} (잘못된 cron 식)") from error

"""The form that starts a job: its fields out of a spider's arguments, and the same as commands."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from crawlers.scrapyd.checks import (
    check_arguments,
    check_job,
    check_priority,
    check_settings,
    spiders,
)
from gleanery.config import Config
from gleanery.errors import ConfigError
from gleanery.meanings import meanings
from items import load_taxonomy, profile_names
from storage.jobs.schedule import check_name, check_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic.fields import FieldInfo


BUDGET = {
    f"FRONTIER_{name.upper()}": (title, meanings(Config).get(f"frontier_{name}", ""))
    for name, title in (
        ("max_pages", "Pages"), ("max_items", "Items"), ("max_seconds", "Seconds"),
        ("max_bytes", "Bytes"),
    )
}  # fmt: skip
"""Settings of what a crawl may use up: title and help of each."""


class Wanted(BaseModel):
    """A job that somebody wants."""

    spider: str
    arguments: dict[str, str] = {}
    settings: list[str] = []
    """``NAME=VALUE`` words."""
    job: str = ""
    """Its name; empty = made up."""
    priority: float = 0.0

    @property
    def budget(self) -> dict[str, str]:
        """Those settings that have a field of their own."""
        words = (word.partition("=") for word in self.settings)
        return {name: value for name, _, value in words if name in BUDGET}

    @property
    def others(self) -> list[str]:
        """The other ones."""
        return [word for word in self.settings if word.partition("=")[0] not in BUDGET]


class Plan(BaseModel):
    """When it is to start again and again."""

    name: str = ""
    """Of the schedule."""
    cron: str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One argument."""

    name: str
    help: str
    kind: str
    """``number``, ``select`` or ``text``."""
    choices: tuple[str, ...]
    default: str


def fields(spider: str, config: Config) -> list[Field]:
    """Return the arguments of a spider that a job may have; ``seeds`` would name a file here."""
    model = getattr(spiders()[spider], "Arguments", None)
    found: dict[str, FieldInfo] = getattr(model, "model_fields", {})
    said = meanings(model) if model else {}
    return [
        _field(name, info, said.get(name, ""), config)
        for name, info in found.items()
        if name != "seeds"
    ]


def _field(name: str, info: FieldInfo, said: str, config: Config) -> Field:
    kinds = {kind for part in (info.annotation, *get_args(info.annotation)) for kind in _flat(part)}
    choices = tuple(str(kind) for kind in kinds if isinstance(kind, str))
    if name == "profile":
        choices = tuple(profile_names(config.home))
    elif name == "category":
        choices = tuple(load_taxonomy().keys)
    elif bool in kinds:
        choices = ("true", "false")
    default = "" if info.default in {None, ()} else str(info.default)
    kind = "select" if choices else "number" if int in kinds else "text"
    return Field(
        name=name, help=said.replace("``", ""), kind=kind,
        choices=tuple(sorted(choices)), default=default.lower() if bool in kinds else default,
    )  # fmt: skip


def _flat(kind: Any) -> Iterator[Any]:
    yield kind
    yield from get_args(kind)


def problems(wanted: Wanted, config: Config) -> dict[str, str]:
    """Return what does not fit by field; an argument as ``arg.NAME``, nothing special as ``""``."""
    found: dict[str, str] = {}
    checks: dict[str, Callable[[], object]] = {
        "job": lambda: check_job(wanted.job or "made-up"),
        "priority": lambda: check_priority(wanted.priority),
        "settings": lambda: check_settings(wanted.settings, config.scrapyd_settings),
        "": lambda: check_arguments(wanted.spider, wanted.arguments),
    }
    for name, value in wanted.budget.items():
        if not re.fullmatch(r"[0-9]{1,15}", value):
            found[name] = f"{value[:40]!r} is no number from 0 on (0 이상의 수여야 합니다)"
    for name, check in checks.items():
        try:
            check()
        except ConfigError as error:
            found |= {name: str(error)} if name else _by_argument(error)
    return found


def plan_problems(plan: Plan) -> dict[str, str]:
    """Return what does not fit by field."""
    found: dict[str, str] = {}
    checks: dict[str, Callable[[], object]] = {
        "schedule": lambda: check_name(plan.name),
        "cron": lambda: check_times(plan.cron, "UTC"),
        "zone": lambda: check_times("0 0 * * *", plan.zone),
    }
    for name, check in checks.items():
        try:
            check()
        except ConfigError as error:
            found[name] = str(error)
    return found


def _by_argument(error: ConfigError) -> dict[str, str]:
    if isinstance(error.__cause__, ValidationError):
        return {
            f"arg.{each['loc'][0]}" if each["loc"] else "": f"{each['msg']} (맞지 않는 값입니다)"
            for each in error.__cause__.errors()
        }
    named = re.match(r"argument '(\w+)'", str(error))
    return {f"arg.{named[1]}" if named else "": str(error)}


def commands(wanted: Wanted, cron: str, address: str) -> dict[str, str]:
    """Return the lines that start the same, by the program that reads them.

    Args:
        wanted: The job.
        cron: When it is to start, for the line of a crontab; empty = at three each night.
        address: Of the admin page.
    """
    given = [f"{name}={value}" for name, value in wanted.arguments.items()]
    settings = [word for setting in wanted.settings for word in ("-s", setting)]
    crawl = [word for pair in given for word in ("-a", pair)]
    body = json.dumps(wanted.model_dump(exclude_defaults=True), ensure_ascii=False)
    more = [f"--priority={wanted.priority:g}"] if wanted.priority else []
    job = [f"--job={wanted.job}"] if wanted.job else []
    start = ["gleanery", "jobs", "start", wanted.spider, *settings, *more]
    again = shlex.join([*start, "--", *given]).replace("%", r"\%")  # cron ends a line at a bare %
    asked = [f"{address.rstrip('/')}/api/jobs/start", "-H", "Content-Type: application/json"]
    return {
        "scrapy": shlex.join(["scrapy", "crawl", wanted.spider, *crawl, *settings]),
        "gleanery": shlex.join([*start, *job, "--", *given]),
        "curl": f'curl -H "Authorization: Bearer $TOKEN" {shlex.join([*asked, "-d", body])}',
        "crontab": f"{cron or '0 3 * * *'} {again}",
    }

"""What a job may ask for; everything else is refused before it is queued."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from scrapy.spiderloader import SpiderLoader
from scrapy.utils.project import get_project_settings

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrapy import Spider

_JOB = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_PRIORITY = 100_000
"""Either way; more would blur the order of asking in a float."""
MAX_CHARACTERS = 10_000
"""Of all arguments and settings of a job together."""


@cache
def spiders() -> dict[str, type[Spider]]:
    """Return the project's spiders by name."""
    loader = SpiderLoader.from_settings(get_project_settings())
    return {name: loader.load(name) for name in sorted(loader.list())}


def check_job(job: str) -> str:
    """Return a job's name, which becomes part of a path.

    Raises:
        ConfigError: It is none.
    """
    if not _JOB.fullmatch(job):
        raise ConfigError(f"jobid {job[:80]!r}: 1 to 64 of A-Z a-z 0-9 _ - (작업 이름)")
    return job


def check_priority(priority: float) -> float:
    """Return a priority.

    Raises:
        ConfigError: It is no number, or too large.
    """
    if not -MAX_PRIORITY <= priority <= MAX_PRIORITY:  # nan, too
        raise ConfigError(f"priority: from -{MAX_PRIORITY} to {MAX_PRIORITY} (우선순위)")
    return priority


def check_settings(given: Iterable[str], allowed: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE`` words.

    Raises:
        ConfigError: A word is malformed, or a setting is not one of ``allowed``.
    """
    settings = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"setting {word[:80]!r}: write NAME=VALUE")
        if name not in allowed:
            raise ConfigError(
                f"setting {name[:80]!r} may not be set by a job; GLEANERY_SCRAPYD_SETTINGS lists"
                f" those that may: {', '.join(allowed)} (허용되지 않은 설정)"
            )
        settings[name] = value
    return settings


def check_arguments(spider: str, given: Mapping[str, str]) -> dict[str, str]:
    """Check a spider's arguments against its own model.

    Raises:
        ConfigError: There is no such spider; an argument is unknown, malformed, missing, or names
            a file of this machine.
    """
    found = spiders().get(spider)
    if found is None:
        raise ConfigError(f"spider {spider[:80]!r} not found; there are: {', '.join(spiders())}")
    if sum(len(k) + len(v) for k, v in given.items()) > MAX_CHARACTERS:
        raise ConfigError(
            f"more than {MAX_CHARACTERS} characters of arguments (인자가 너무 깁니다)"
        )
    model: Any = getattr(found, "Arguments", None)
    if model is None:
        return dict(given)
    model.parse(spider, given)
    _check_files(spider, model, given)
    return dict(given)


def _check_files(spider: str, model: Any, given: Mapping[str, str]) -> None:
    for name in ("seeds", *model.FILE_KINDS):
        value = given.get(name)
        if value and (name == "seeds" or not all("://" in word for word in value.split(","))):
            raise ConfigError(
                f"argument {name!r} of {spider} names a file of this machine: put it into"
                " HOME/seeds and give profile=NAME (파일 대신 profile을 쓰세요)"
            )
    starts = (*model.SEED_KINDS, "profile")
    if starts and not any(given.get(name) for name in starts):
        raise ConfigError(f"{spider}: nothing to start from; give one of {', '.join(starts)}")

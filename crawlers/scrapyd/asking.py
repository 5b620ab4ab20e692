"""Jobs asked for, ended and repeated: one way for commands and the admin page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from crawlers.scrapyd.checks import check_settings
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlers.scrapyd.queue import JobQueue
    from gleanery.config import Config
    from storage.jobs import Job, State


def start(
    queue: JobQueue,
    config: Config,
    spider: str,
    arguments: Mapping[str, str],
    *,
    settings: Iterable[str] = (),
    job: str = "",
    priority: float = 0.0,
) -> str:
    """Queue a job for whichever node is free; return its name.

    Args:
        queue: Where to.
        config: Says which settings a job may set.
        spider: Name of the spider.
        arguments: Of the spider.
        settings: ``NAME=VALUE`` words.
        job: Its name; else made up.
        priority: Higher ones first.

    Raises:
        ConfigError: Something does not fit.
    """
    name = job or uuid.uuid4().hex
    allowed = check_settings(settings, config.scrapyd_settings)
    queue.add(spider, priority, _job=name, settings=allowed, spider_arguments=arguments)
    return name


def cancel(queue: JobQueue, job: str, *, now: bool = False) -> State:
    """Ask for a job's end, wherever it runs; return its state before.

    Args:
        queue: Where it is.
        job: Its name.
        now: Kill its process; what is under way goes back to its frontier.

    Raises:
        ConfigError: There is no such job.
    """
    before = known(queue, job).state
    queue.ledger.cancel(job, now=now)
    queue.forget(job)
    return before


def retry(queue: JobQueue, job: str) -> str:
    """Queue a job like one that has ended; return the new one's name.

    Raises:
        ConfigError: There is no such job, it has not ended, or it may not be asked for any more.
    """
    found = known(queue, job)
    if found.ended_at is None:
        raise ConfigError(f"{job} is {found.state}: it has not ended (아직 끝나지 않았습니다)")
    name = uuid.uuid4().hex
    queue.add(
        found.spider,
        found.priority,
        _job=name,
        settings=found.settings,
        spider_arguments=found.arguments,
        parent=job,
    )
    return name


def known(queue: JobQueue, job: str) -> Job:
    """Return a job.

    Raises:
        ConfigError: There is none of that name.
    """
    found = queue.ledger.find(job)
    if found is None:
        raise ConfigError(f"no job {job!r} (그런 작업이 없습니다)")
    return found

"""Steer a job that runs from its own page: pause, resume, stop, and how fast its crawl goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Form, HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError, refusing
from admin.gate import AtDesk, Gate, Who
from admin.pages import frontier
from admin.rendering import go
from crawlers.frontier.control import SPEEDS, checked_speed
from crawlers.frontier.opened import controlled_crawl
from crawlers.scrapyd import asking
from gleanery.errors import ConfigError, FrontierError
from storage.jobs.job import ENDED
from storage.office.sessions import Session

if TYPE_CHECKING:
    from storage.jobs import Job

gate = Gate()
Action = Literal["pause", "resume", "stop", "stop_now"]
DONE: dict[Action, str] = {
    "pause": "paused", "resume": "resumed", "stop": "cancelled", "stop_now": "cancelled",
}  # fmt: skip
Name = Annotated[str, Query(max_length=64)]
NameField = Annotated[str, Form(max_length=64)]
Whole = Annotated[int, Form(ge=0)]
Seconds = Annotated[str, Form(max_length=12, pattern=r"^([0-9]+(\.[0-9]+)?)?$")]


@gate.form("/job/steer", role="operator")
def form(
    *, request: Request, desk: AtDesk, who: Who, name: NameField, action: Annotated[Action, Form()]
) -> Response:
    """Pause, resume or stop a job."""
    steer(desk, who, name, action)
    return go(request, f"/job?name={quote(name, safe='')}&done={DONE[action]}")


@gate.act("/job/steer", role="operator")
def api_steer(*, desk: AtDesk, who: Who, name: Name, action: Action) -> dict[str, Any]:
    """Pause, resume or stop a job: in good order, or now, without what is under way."""
    return steer(desk, who, name, action)


@gate.form("/job/speed", role="operator")
def form_speed(
    *, request: Request, desk: AtDesk, who: Who, name: NameField,
    pages_per_minute: Whole = 0, concurrency: Whole = 0, delay_seconds: Seconds = "",
) -> Response:  # fmt: skip
    """Change how fast a job that runs goes."""
    delay = round(float(delay_seconds) * 1000) if delay_seconds else -1
    changes = {"pages_per_minute": pages_per_minute, "concurrency": concurrency}
    set_speed(desk, who, name, changes | {"delay_ms": delay})
    return go(request, f"/job?name={quote(name, safe='')}&done=saved")


@gate.act("/job/speed", role="operator")
def api_speed(*, desk: AtDesk, who: Who, name: Name, changes: dict[str, int]) -> dict[str, int]:
    """Change some of ``pages_per_minute``, ``concurrency`` (0 = undo), ``delay_ms`` (-1 = undo)."""
    return set_speed(desk, who, name, changes)


def steering(desk: Desk, job: Job) -> dict[str, Any] | None:
    """Return the ``state``, ``speed`` and ``most`` of a running job's crawl; ``None`` = none."""
    if not job.crawl or job.ended_at or job.state == "queued":
        return None
    try:
        with controlled_crawl(desk.config, job.crawl) as control:
            report = control.stats()
    except (ConfigError, FrontierError):  # it has just ended, or lies on another machine
        return None
    most = {name: high for name, (_, high) in SPEEDS.items()}
    return {"state": report.state, "speed": report.speed, "most": most}


def steer(desk: Desk, who: Session, name: str, action: Action) -> dict[str, Any]:
    """Do ``action`` to a job, and note it; return what it changed.

    Raises:
        HTTPException: 404, there is no such job, or no such crawl any more.
        RefusedError: It has ended, or has no crawl yet.
    """
    job = _active(desk, name)
    if action in ("pause", "resume"):
        return frontier.steer(desk, who, _crawl_of(job), action, letter="", reason="")
    with desk.change(who, f"job.{action}", name, {"state": job.state}):
        asking.cancel(desk.jobs, name, now=action == "stop_now")
    return {"job": name, "before": job.state}


def set_speed(desk: Desk, who: Session, name: str, changes: dict[str, int]) -> dict[str, int]:
    """Change the speed of a job's crawl, and note it; return what of it is changed now.

    Raises:
        HTTPException: 404, there is no such job, or no such crawl any more.
        RefusedError: It has ended, or something is out of its range.
    """
    crawl = _crawl_of(_active(desk, name))
    with refusing():
        changes = checked_speed(changes)
    with frontier.opened(desk, crawl) as control:
        with desk.change(who, "job.speed", name, control.stats().speed) as change:
            control.set_speed(changes)
            speed = control.stats().speed
            change.after = speed
        return speed


def _active(desk: Desk, name: str) -> Job:
    try:
        job = asking.known(desk.jobs, name)
    except ConfigError as error:
        raise HTTPException(404) from error
    if job.state in ENDED:
        raise RefusedError(f"{name} is {job.state}: it has ended (이미 끝났습니다)")
    return job


def _crawl_of(job: Job) -> str:
    if not job.crawl or job.state == "queued":
        raise RefusedError(f"{job.job} has no crawl yet (아직 수집을 시작하지 않았습니다)")
    return job.crawl

"""How a job gets on: its charts, as JSON and as a part of its page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.responses import HTMLResponse, Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate
from admin.look import look_of
from admin.progress.recorder import Now
from admin.progress.view import JobProgress, progress, shown
from admin.rendering import part
from crawlers.scrapyd import asking
from gleanery.errors import ConfigError
from storage.branch import Branch
from storage.jobs import Job
from storage.jobs.history import JobHistory

gate = Gate()
POINTS = 200
"""Times that a page shows."""
Name = Annotated[str, Query(max_length=64)]


@gate.read("/job/progress", role="viewer")
def api(
    desk: AtDesk, name: Name, points: Annotated[int, Query(ge=2, le=1000)] = POINTS
) -> JobProgress:
    """Give the charts of a job, its frontier by depth, and when it may end."""
    return _progress(desk, _known(desk, name), points)[0]


@gate.read("/job/branches", role="viewer")
def api_branches(desk: AtDesk, name: Name) -> list[Branch]:
    """Give what a job fetched, by seed, depth and host; ``…`` stands for further ones together."""
    return JobHistory(desk.jobs.ledger).branches(_known(desk, name).job)


@gate.page("/job/charts", role="viewer")
def charts(request: Request, desk: AtDesk, name: Name) -> Response:
    """Give the charts of a job's page anew, since there is more to draw than there was."""
    job = _known(desk, name)
    look = look_of(request)
    return HTMLResponse(part(look, "job_charts", **values_of(desk, job)))


def values_of(desk: Desk, job: Job) -> dict[str, Any]:
    """Return what the templates of a job's page need to show how it gets on."""
    found, now = _progress(desk, job, POINTS)
    return shown(found, now.branches)


def _progress(desk: Desk, job: Job, points: int) -> tuple[JobProgress, Now]:
    before = JobHistory(desk.jobs.ledger).read(job.job, most=points)
    (now,) = desk.recorder.look([job])
    return progress(job.job, before, now), now


def _known(desk: Desk, name: str) -> Job:
    try:
        return asking.known(desk.jobs, name)
    except ConfigError as error:
        raise HTTPException(404) from error

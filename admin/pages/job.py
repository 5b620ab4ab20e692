"""One job: what was asked for, how it gets on, how it ended, its log."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import HTTPException, Query, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response, StreamingResponse

from admin.desk import Desk
from admin.gate import AtDesk, Gate
from admin.look import look_of
from admin.pages.progress import values_of
from admin.pages.steer import steering
from admin.progress.view import REASONS, current, point
from admin.rendering import part, show
from crawlers.scrapyd import asking
from crawlers.scrapyd.log_places import log_of
from crawlers.scrapyd.logs import LEVELS, WIDEST, Level, Part, tail
from gleanery.errors import ConfigError
from storage.jobs import Job, JobFilter
from storage.jobs.comparing import RUNS, Comparison, compare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from admin.live import Live, Seen
    from admin.look import Look

gate = Gate()
LINES = 200
"""Lines of a log that are shown at first."""
STOP_POLLING = 286
"""Status that htmx takes as the end of ``every 10s``."""
LONGEST_SECONDS = 300.0
"""After that a browser asks again, and its session is looked at again."""
QUIET_SECONDS = 15.0
PARTS = {"facts": 0.0, "point": 0.0, "log": 0.0, "pictures": 5.0, "stats": 5.0}
"""What is sent of a job, and the least seconds between two of it: pictures and tables are long."""
Name = Annotated[str, Query(max_length=64)]


class Looked(BaseModel):
    """Which lines of a job's log."""

    name: str = Field(max_length=64)
    """The job's."""
    level: Level | Literal[""] = ""
    """The least; empty = any."""
    text: str = Field("", max_length=200)
    """Part of each line."""
    lines: int = Field(LINES, ge=1, le=5000)
    """From the end."""
    before: int | None = Field(None, ge=0, le=2**62)
    """Those before this byte of the log; as a part says of what is older."""

    @property
    def is_whole(self) -> bool:
        """Whether all lines of the log are wanted, to its end."""
        return not (self.level or self.text or self.before is not None)

    def query(self, before: int | None) -> str:
        """Return what asks for the same before another byte, as in an address."""
        return urlencode(self.model_copy(update={"before": before}).model_dump(exclude_none=True))


Query_ = Annotated[Looked, Query()]


@gate.page("/job", role="viewer")
def page(request: Request, desk: AtDesk, asked: Query_) -> Response:
    """Show a job with the end of its log."""
    job = _known(desk, asked.name)
    again, _ = desk.jobs.ledger.page(JobFilter(parent=job.job))
    return show(
        request, "job", job=job, events=desk.jobs.ledger.events(job.job), again=again,
        log=_log(desk, job, asked), asked=asked, log_levels=LEVELS, compared=_compared(desk, job),
        **values_of(desk, job),
        steering=steering(desk, job),
    )  # fmt: skip


@gate.read("/job", role="viewer")
def api(desk: AtDesk, name: Name) -> dict[str, Any]:
    """Give a job with its stats, and ``events``: what happened to it."""
    events = desk.jobs.ledger.events(name)
    return asdict(_known(desk, name)) | {"events": [asdict(event) for event in events]}


@gate.read("/job/comparison", role="viewer")
def api_comparison(desk: AtDesk, name: Name) -> dict[str, Any]:
    """Hold a job against the last finished ones that were asked for the same."""
    return asdict(_compared(desk, _known(desk, name)))


@gate.read("/job/log", role="viewer")
def api_log(desk: AtDesk, asked: Query_, response: Response) -> list[str]:
    """Give the last lines of a job's log, of a level at least, with a text in them.

    One answer looks through 8 MiB; ``Link`` with ``rel="next"`` leads to older lines.
    """
    found = _log(desk, _known(desk, asked.name), asked)
    if found is None:
        raise HTTPException(404)
    if found.before:
        response.headers["Link"] = f'</api/job/log?{asked.query(found.before)}>; rel="next"'
    return found.lines


@gate.page("/job/log", role="viewer")
def download(desk: AtDesk, name: Name) -> Response:
    """Give a whole log as a file."""
    try:
        log = log_of(desk.config, _known(desk, name))
        log.size()  # or it could not be said any more that there is none
    except ConfigError as error:
        raise HTTPException(404) from error
    headers = {"Content-Disposition": f'attachment; filename="{name}.log"'}
    return StreamingResponse(log.pieces(), headers=headers, media_type="text/plain")


@gate.page("/job/tail", role="viewer")
def log_end(request: Request, desk: AtDesk, asked: Query_) -> Response:
    """Give the lines of a log that a page shows, as HTML; with 286 once the job has ended."""
    job = _known(desk, asked.name)
    if (found := _log(desk, job, asked)) is None:
        raise HTTPException(404)
    lines = part(look_of(request), "job_log_lines", job=job, log=found, asked=asked)
    return HTMLResponse(lines, status_code=STOP_POLLING if job.ended_at else 200)


@gate.page("/job/live", role="viewer")
async def live(request: Request, desk: AtDesk, name: Name) -> Response:
    """Send what is known of a job each time it changes, looked for each 0.4 seconds."""
    await run_in_threadpool(_known, desk, name)
    watched: Live = request.app.state.live
    if watched.full:
        raise HTTPException(503)
    headers = {"X-Accel-Buffering": "no"}
    return EventSourceResponse(_sent(watched, name, look_of(request)), headers=headers)


async def _sent(watched: Live, name: str, look: Look) -> AsyncIterator[bytes]:
    until = time.monotonic() + LONGEST_SECONDS
    told: dict[str, str] = {}
    due: dict[str, float] = {}
    with watched.watch(name) as viewer:
        while time.monotonic() < until:
            seen = await viewer.next(QUIET_SECONDS)
            if seen is None:
                yield format_sse_event(comment="")
                continue
            now = time.monotonic()
            for place, least in PARTS.items():
                if now < due.get(place, 0.0) and not seen.job.ended_at:
                    continue
                if (text := _part(seen, look, place)) != told.get(place):
                    told[place], due[place] = text, now + least
                    yield format_sse_event(event=place, data_str=text)
            if seen.job.ended_at:
                yield format_sse_event(event="ended", data_str="")
                return


def _part(seen: Seen, look: Look, name: str) -> str:
    """Return what a page shows of a job in one place; made once for all who watch it."""
    if name == "log":
        return json.dumps(asdict(seen.log))
    key = name, look.language
    if key not in seen.texts:
        seen.texts[key] = _made(seen, look, name)
    return seen.texts[key]


def _made(seen: Seen, look: Look, name: str) -> str:
    if name == "point":
        return json.dumps(point(seen.now))
    values: dict[str, Any] = {"job": seen.job}
    if name == "facts":
        values |= {"outlook": seen.now.outlook, "reasons": REASONS}
    elif name == "pictures":
        values |= current(seen.now)
    return part(look, f"job_{name}", **values)


def _known(desk: Desk, name: str) -> Job:
    try:
        return asking.known(desk.jobs, name)
    except ConfigError as error:
        raise HTTPException(404) from error


def _compared(desk: Desk, job: Job) -> Comparison:
    return compare(job, desk.jobs.ledger.runs_before(job, RUNS))


def _log(desk: Desk, job: Job, asked: Looked) -> Part | None:
    try:
        log = log_of(desk.config, job)
        found = tail(log, asked.lines, level=asked.level, text=asked.text, before=asked.before)
    except ConfigError:
        return None
    return replace(found, lines=[line[:WIDEST] for line in found.lines])

"""Schedules: list, add, run now, remove; as ``gleanery schedules`` does."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Form, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError, refusing
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from admin.starting import Plan, Wanted, plan_problems, problems
from crawlers.scrapyd import scheduling
from storage.jobs import Schedules
from storage.office.sessions import Session

if TYPE_CHECKING:
    from storage.jobs import Schedule

gate = Gate()
SHOWN = 3
"""Next times of each that are shown."""
Name = Annotated[str, Form(max_length=64)]
Asked = Annotated[str, Query(max_length=64)]


class Planned(Wanted, Plan):
    """A job that is to start again and again; its own name is made up each time."""


@gate.page("/schedules", role="operator")
def page(request: Request, desk: AtDesk) -> Response:
    """Show all, with their next times."""
    return show(request, "schedules", rows=Schedules(desk.jobs.ledger).all(), shown=SHOWN)


@gate.read("/schedules", role="operator")
def api(desk: AtDesk) -> list[dict[str, Any]]:
    """Give all, ``next`` with their next times."""
    return [facts(each) for each in Schedules(desk.jobs.ledger).all()]


@gate.form("/schedules", role="operator")
def form(
    request: Request, desk: AtDesk, who: Who, action: Annotated[Literal["run", "remove"], Form()],
    name: Name,
) -> Response:  # fmt: skip
    """Start a job of one now, or remove it."""
    if action == "remove":
        remove(desk, who, name)
        return go(request, "/schedules?done=unscheduled")
    return go(request, f"/job?name={run(desk, who, name)}")


@gate.act("/schedules/add", role="operator")
def api_add(desk: AtDesk, who: Who, planned: Planned) -> dict[str, Any]:
    """Keep a new one."""
    if wrong := problems(planned, desk.config) | plan_problems(planned):
        raise RefusedError("; ".join(wrong.values()))
    return facts(add(desk, who, planned, planned))


@gate.act("/schedules/run", role="operator")
def api_run(desk: AtDesk, who: Who, name: Asked) -> dict[str, str]:
    """Queue a job of one now, unless its last one has not ended."""
    return {"job": run(desk, who, name)}


@gate.act("/schedules/remove", role="operator")
def api_remove(desk: AtDesk, who: Who, name: Asked) -> dict[str, str]:
    """Forget one; its jobs stay."""
    remove(desk, who, name)
    return {"removed": name}


def add(desk: Desk, who: Session, wanted: Wanted, plan: Plan) -> Schedule:
    """Keep a schedule, and note it.

    Raises:
        RefusedError: There is one of that name.
    """
    queue = desk.jobs
    with desk.change(who, "schedule.add", plan.name) as change:
        change.after = wanted.model_dump(exclude={"job", "name"}) | plan.model_dump()
        with refusing():
            return scheduling.add(
                queue, desk.config, plan.name, wanted.spider, wanted.arguments, cron=plan.cron,
                zone=plan.zone, settings=wanted.settings, priority=wanted.priority,
            )  # fmt: skip


def run(desk: Desk, who: Session, name: str) -> str:
    """Queue a job of a schedule now, and note it; return the job's name.

    Raises:
        RefusedError: There is no such schedule, or its last job has not ended.
    """
    queue = desk.jobs
    with desk.change(who, "schedule.run", name) as change:
        with refusing():
            job = scheduling.run(queue, name)
        change.after = {"job": job}
        return job


def remove(desk: Desk, who: Session, name: str) -> None:
    """Forget a schedule, and note it.

    Raises:
        RefusedError: There is none of that name.
    """
    queue = desk.jobs
    with refusing():
        before = asdict(scheduling.known(queue, name))
    with desk.change(who, "schedule.remove", name, before):
        scheduling.remove(queue, name)


def facts(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule with its next times, ISO 8601 in its own zone."""
    return asdict(schedule) | {"next": [t.isoformat() for t in schedule.upcoming(SHOWN)]}

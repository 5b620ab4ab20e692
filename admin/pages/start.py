"""Start a job, as ``gleanery jobs start`` does."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError
from admin.gate import AtDesk, Gate, Who
from admin.pages import schedules
from admin.rendering import go, show
from admin.starting import BUDGET, Plan, Wanted, commands, fields, plan_problems, problems
from crawlers.dry_run import DryRun
from crawlers.dry_run_process import dry_run
from crawlers.scrapyd import asking
from crawlers.scrapyd.checks import check_settings, spiders
from gleanery.errors import ConfigError
from storage.office.sessions import Session

if TYPE_CHECKING:
    from starlette.datastructures import FormData

gate = Gate()
ARGUMENT = "arg."
NO_PLAN = Plan()


@dataclass(frozen=True, slots=True)
class First:
    """What came of a dry run."""

    run: DryRun | None = None
    error: str = ""


@gate.page("/start", role="operator")
def page(
    request: Request, desk: AtDesk, spider: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show the form of a spider."""
    return _form(request, desk, Wanted(spider=spider or next(iter(spiders()))))


@gate.read("/spiders", role="viewer")
def api_spiders() -> dict[str, dict[str, Any]]:
    """Give the arguments of each spider, as JSON schema."""
    models = {name: getattr(spider, "Arguments", None) for name, spider in spiders().items()}
    return {name: model.model_json_schema() if model else {} for name, model in models.items()}


@gate.form("/start", role="operator")
async def form(request: Request, desk: AtDesk, who: Who) -> Response:
    """Start what the form says, schedule it, try it, or show the same as commands."""
    given = await request.form()
    return await run_in_threadpool(_answer, request, desk, who, given)


@gate.act("/jobs/start", role="operator")
def api_start(desk: AtDesk, who: Who, wanted: Wanted) -> dict[str, str]:
    """Queue a job for whichever node is free."""
    if wrong := problems(wanted, desk.config):
        raise RefusedError("; ".join(wrong.values()))
    return {"job": start(desk, who, wanted)}


@gate.act("/jobs/dry-run", role="operator")
def api_dry_run(desk: AtDesk, wanted: Wanted) -> dict[str, Any]:
    """Work out the requests that a job would begin with; nothing is fetched, nothing is started."""
    if wrong := problems(wanted, desk.config):
        raise RefusedError("; ".join(wrong.values()))
    first = _first(desk, wanted)
    if first.run is None:
        raise RefusedError(first.error)
    return asdict(first.run)


@gate.act("/jobs/commands", role="operator")
def api_commands(
    request: Request, desk: AtDesk, wanted: Wanted,
    cron: Annotated[str, Query(max_length=100)] = "",
) -> dict[str, str]:  # fmt: skip
    """Give the lines that start the same: ``scrapy``, ``gleanery``, ``curl``, ``crontab``."""
    wrong = problems(wanted, desk.config)
    if cron:
        wrong |= plan_problems(Plan(name="shown", cron=cron))
    if wrong:
        raise RefusedError("; ".join(wrong.values()))
    return commands(wanted, cron, _address(request, desk))


def start(desk: Desk, who: Session, wanted: Wanted) -> str:
    """Queue a job, and note it; return its name.

    Raises:
        RefusedError: There is a job of that name.
        ConfigError: Something does not fit.
    """
    name = wanted.job or uuid.uuid4().hex
    if desk.jobs.ledger.find(name):
        raise RefusedError(f"there is a job {name!r} already (이미 있는 작업입니다)")
    with desk.change(who, "job.start", name) as change:
        change.after = wanted.model_dump(exclude={"job"})
        return asking.start(
            desk.jobs, desk.config, wanted.spider, wanted.arguments,
            settings=wanted.settings, job=name, priority=wanted.priority,
        )  # fmt: skip


def _answer(request: Request, desk: Desk, who: Session, given: FormData) -> Response:
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    wanted, wrong = _read(texts)
    plan = _plan(texts)
    action = texts.get("action")
    wrong |= problems(wanted, desk.config) if wanted.spider in spiders() else {}
    wrong |= plan_problems(plan) if action == "schedule" else {}
    if wrong:
        return _form(request, desk, wanted, plan, status=422, wrong=wrong)
    if action == "start":
        return go(request, f"/job?name={start(desk, who, wanted)}")
    if action == "schedule":
        schedules.add(desk, who, wanted, plan)
        return go(request, "/schedules?done=scheduled")
    if action == "try":
        return _form(request, desk, wanted, plan, first=_first(desk, wanted))
    address = _address(request, desk)
    return _form(request, desk, wanted, plan, lines=commands(wanted, plan.cron, address))


def _address(request: Request, desk: Desk) -> str:
    return desk.config.admin_url or str(request.base_url)


def _first(desk: Desk, wanted: Wanted) -> First:
    settings = check_settings(wanted.settings, desk.config.scrapyd_settings)
    try:
        return First(dry_run(wanted.spider, wanted.arguments, settings))
    except ConfigError as error:
        return First(error=str(error))


def _plan(texts: dict[str, str]) -> Plan:
    return Plan(
        name=texts.get("schedule", "").strip(), cron=texts.get("cron", "").strip(),
        zone=texts.get("zone", "").strip() or "UTC",
    )  # fmt: skip


def _read(texts: dict[str, str]) -> tuple[Wanted, dict[str, str]]:
    wrong: dict[str, str] = {}
    try:
        priority = float(texts.get("priority") or 0)
    except ValueError:
        priority, wrong = 0.0, {"priority": "it is no number (숫자여야 합니다)"}
    given = {
        n.removeprefix(ARGUMENT): v.strip() for n, v in texts.items() if n.startswith(ARGUMENT)
    }
    lines = [x for line in texts.get("settings", "").splitlines() if (x := line.strip())]
    budget = [f"{name}={value}" for name in BUDGET if (value := texts.get(name, "").strip())]
    wanted = Wanted(
        spider=texts.get("spider", ""),
        arguments={name: value for name, value in given.items() if value},
        settings=[*lines, *budget],
        job=texts.get("job", "").strip(),
        priority=priority,
    )
    return wanted, wrong


def _form(
    request: Request, desk: Desk, wanted: Wanted, plan: Plan = NO_PLAN, *, status: int = 200,
    wrong: dict[str, str] | None = None, lines: dict[str, str] | None = None,
    first: First | None = None,
) -> Response:  # fmt: skip
    if wanted.spider not in spiders():
        raise HTTPException(404)
    return show(
        request, "start", status=status, wanted=wanted, plan=plan, spiders=list(spiders()),
        fields=fields(wanted.spider, desk.config), wrong=wrong or {}, lines=lines or {},
        first=first, budget=BUDGET, allowed=desk.config.scrapyd_settings,
    )  # fmt: skip

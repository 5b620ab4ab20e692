"""Jobs: list, search, cancel, retry; as ``gleanery jobs`` does."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from pydantic import BaseModel, Field, field_validator
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from crawlers.scrapyd import asking
from crawlers.scrapyd.checks import spiders
from gleanery.errors import ConfigError
from storage.jobs import ENDED, STATES, Job, JobFilter, State
from storage.office.sessions import Session

gate = Gate()
ROWS = 50
SEARCH_SECONDS = 0.03
"""After that a search shows what it has found, and goes on when it is asked to."""
MOST = 500
"""Jobs that are changed at once."""
Name = Annotated[str, Field(max_length=64)]
Action = Literal["cancel", "retry"]
DONE: dict[Action, str] = {"cancel": "cancelled", "retry": "retried"}


class Asked(BaseModel):
    """Which jobs; empty = any."""

    state: State | Literal[""] = ""
    spider: str = Field("", max_length=64)
    node: str = Field("", max_length=191)
    parent: str = Field("", max_length=64)
    """Only those that repeat this job."""
    text: str = Field("", max_length=200)
    """Part of the name, the arguments, the settings or the reason."""
    cursor: int | None = Field(None, ge=0, le=2**62)
    """``next`` of the page before."""

    @field_validator("cursor", mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return None if value == "" else value

    def wanted(self) -> JobFilter:
        """Return it as the ledger takes it."""
        return JobFilter(
            states=(self.state,) if self.state else (), spider=self.spider, node=self.node,
            parent=self.parent, text=self.text,
        )  # fmt: skip


class Chosen(BaseModel):
    """Jobs to be changed."""

    jobs: list[Name] = Field(min_length=1, max_length=MOST)


class Changed(BaseModel):
    """What became of them."""

    done: list[str]
    """Those that were cancelled; of a retry, the new jobs."""
    refused: dict[str, str]
    """The others, with the reason."""


Query_ = Annotated[Asked, Query()]


@gate.page("/jobs", role="viewer")
def page(request: Request, desk: AtDesk, asked: Query_) -> Response:
    """Show those that are asked for, the newest first."""
    return _listed(request, desk, asked)


@gate.read("/jobs", role="viewer")
def api(desk: AtDesk, asked: Query_) -> dict[str, Any]:
    """Give those that are asked for, the newest first, ``next`` for ``cursor``, and ``counts``.

    A search for a text may give fewer than 50, or none, and a ``next`` to go on from.
    """
    found, after = _found(desk, asked)
    ledger = desk.jobs.ledger
    return {"jobs": [asdict(job) for job in found], "next": after, "counts": ledger.counts()}


@gate.form("/jobs", role="operator")
def form(
    request: Request,
    desk: AtDesk,
    who: Who,
    action: Annotated[Action, Form()],
    job: Annotated[list[Name], Form(min_length=1, max_length=MOST)],
) -> Response:
    """Cancel or retry those that are chosen."""
    changed = change(desk, who, action, job)
    if changed.refused:
        return _listed(request, desk, Asked(), status=409, refused=changed.refused)
    return go(request, f"/jobs?done={DONE[action]}")


@gate.act("/jobs/cancel", role="operator")
def api_cancel(desk: AtDesk, who: Who, chosen: Chosen) -> Changed:
    """End jobs in good order, wherever they run."""
    return change(desk, who, "cancel", chosen.jobs)


@gate.act("/jobs/retry", role="operator")
def api_retry(desk: AtDesk, who: Who, chosen: Chosen) -> Changed:
    """Queue jobs like those that have ended."""
    return change(desk, who, "retry", chosen.jobs)


def change(desk: Desk, who: Session, action: Action, names: list[str]) -> Changed:
    """Cancel or retry each of ``names``, and note each; one that is refused stops no other."""
    changed = Changed(done=[], refused={})
    for name in dict.fromkeys(names):
        try:
            changed.done.append(_changed(desk, who, action, name))
        except ConfigError as error:
            changed.refused[name] = str(error)
    return changed


def _changed(desk: Desk, who: Session, action: Action, name: str) -> str:
    queue = desk.jobs
    before = asking.known(queue, name).state
    if action == "cancel" and before in ENDED:
        raise ConfigError(f"{name} is {before}: it has ended (이미 끝났습니다)")
    with desk.change(who, f"job.{action}", name, {"state": before}) as noted:
        if action == "cancel":
            asking.cancel(queue, name)
            return name
        again = asking.retry(queue, name)
        noted.after = {"job": again}
        return again


def _listed(
    request: Request, desk: Desk, asked: Asked, *, status: int = 200, refused: object = None
) -> Response:
    rows, after = _found(desk, asked)
    kept = {k: v for k, v in asked.model_dump(exclude={"cursor"}).items() if v}
    return show(
        request, "jobs", status=status, asked=asked, rows=rows, counts=desk.jobs.ledger.counts(),
        states=STATES, spiders=list(spiders()), refused=refused or {}, full=len(rows) == ROWS,
        more=urlencode(kept | {"cursor": after}) if after else "",
    )  # fmt: skip


def _found(desk: Desk, asked: Asked) -> tuple[list[Job], int | None]:
    return desk.jobs.ledger.page(
        asked.wanted(), cursor=asked.cursor, limit=ROWS, seconds=SEARCH_SECONDS
    )

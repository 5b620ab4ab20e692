"""Crawls and their queues: as ``gleanery frontier`` shows and steers them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Form, HTTPException, Query, Request
from pydantic import Field
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import checked_reason, refusing
from admin.gate import AtDesk, Gate, Who
from admin.picture import levels
from admin.rendering import go, show
from crawlers.frontier.control import checked_limits
from crawlers.frontier.opened import controlled_crawl, listed_crawls
from gleanery.errors import ConfigError, FrontierGoneError
from storage.office.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlers.frontier.control import FrontierControl

gate = Gate()
ROWS = 25
"""Crawls on a page; each is a file to be opened, or an answer of Redis."""
SHOWN = 100
"""Dead letters listed at most."""
MOST = 10_000
"""Dead letters discarded at once."""
Action = Literal["pause", "resume", "requeue", "discard"]
Limit = Annotated[int, Form(ge=0, le=2**53)]
DONE: dict[Action, str] = {
    "pause": "paused",
    "resume": "resumed",
    "requeue": "requeued",
    "discard": "discarded",
}
Crawl = Annotated[str, Query(max_length=300)]
After = Annotated[str, Query(max_length=300)]
CrawlField = Annotated[str, Form(max_length=300)]


@gate.page("/frontier", role="viewer")
def page(request: Request, desk: AtDesk, after: After = "") -> Response:
    """Show crawls by name, those after one."""
    return show(request, "frontier", **_listed(desk, after))


@gate.page("/crawl", role="viewer")
def crawl_page(request: Request, desk: AtDesk, name: Crawl) -> Response:
    """Show one crawl by depth, and its dead letters."""
    found = looked(desk, name)
    return show(request, "crawl", levels=levels(found["report"].depths), **found)


@gate.read("/frontier", role="viewer")
def api(desk: AtDesk, after: After = "") -> dict[str, Any]:
    """List 25 ``crawls`` by name; ``more`` says after which there are others, empty = none."""
    return _listed(desk, after)


@gate.read("/crawl", role="viewer")
def api_crawl(desk: AtDesk, name: Crawl) -> dict[str, Any]:
    """Count one crawl by depth, and list its dead letters."""
    found = looked(desk, name)
    return {"report": asdict(found["report"]), "dead": [asdict(d) for d in found["dead"]]}


@gate.form("/crawl", role="operator")
def form(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    name: CrawlField,
    action: Annotated[Action, Form()],
    letter: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Pause, resume, queue dead letters again, or discard one and say why."""
    steer(desk, who, name, action, letter=letter, reason=reason)
    return go(request, f"/crawl?name={quote(name, safe='')}&done={DONE[action]}")


@gate.act("/crawl", role="operator")
def api_act(
    *,
    desk: AtDesk,
    who: Who,
    name: Crawl,
    action: Action,
    letter: Annotated[str, Query(max_length=40)] = "",
    reason: Annotated[str, Query(max_length=300)] = "",
) -> dict[str, Any]:
    """Pause, resume, or queue dead letters again or discard them, with a reason: one, or all."""
    return steer(desk, who, name, action, letter=letter, reason=reason)


@gate.form("/crawl/limits", role="operator")
def form_limits(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    name: CrawlField,
    max_pages: Limit,
    max_items: Limit,
    max_bytes: Limit,
    max_seconds: Annotated[int | None, Form(ge=0, le=2**53)] = None,
) -> Response:
    """Change what a running crawl may use up; its time only if that is said."""
    given = {"max_pages": max_pages, "max_items": max_items, "max_bytes": max_bytes}
    limit(desk, who, name, given | ({} if max_seconds is None else {"max_seconds": max_seconds}))
    return go(request, f"/crawl?name={quote(name, safe='')}&done=saved")


@gate.act("/crawl/limits", role="operator")
def api_limits(
    *, desk: AtDesk, who: Who, name: Crawl, limits: dict[str, Annotated[int, Field(le=2**53)]]
) -> dict[str, int]:
    """Change some of ``max_pages``, ``max_items``, ``max_bytes``, ``max_seconds``; 0 = none."""
    return limit(desk, who, name, limits)


def limit(desk: Desk, who: Session, name: str, limits: dict[str, int]) -> dict[str, int]:
    """Change a crawl's limits, and note it; return all that it has now.

    Raises:
        HTTPException: 404, there is no such crawl.
        RefusedError: There is no such limit, or it is less than 0.
    """
    with refusing():
        limits = checked_limits(limits)
    with opened(desk, name) as control:
        with desk.change(who, "crawl.limits", name, control.stats().budgets) as change:
            control.limit(limits)
            change.after = control.stats().budgets
        return dict(change.after)


def _listed(desk: Desk, after: str) -> dict[str, Any]:
    """Return the ``crawls`` after a name; ``more`` = the last of them, if others follow."""
    found = listed_crawls(desk.config, after=after, most=ROWS + 1)
    shown = found[:ROWS]
    return {"crawls": shown, "more": shown[-1]["crawl"] if len(found) > ROWS else ""}


def looked(desk: Desk, name: str) -> dict[str, Any]:
    """Return the ``report`` of a crawl and its ``dead`` letters.

    Raises:
        HTTPException: 404, there is no such crawl.
    """
    with opened(desk, name) as control:
        return {"report": control.stats(), "dead": control.dead(SHOWN)}


def steer(
    desk: Desk, who: Session, name: str, action: Action, *, letter: str, reason: str
) -> dict[str, Any]:
    """Do ``action`` to a crawl, and note it; return what it changed.

    Raises:
        HTTPException: 404, there is no such crawl; 422, nobody said why letters are discarded.
    """
    if action == "discard":
        reason = checked_reason(reason)
    with opened(desk, name) as control:
        before = {"state": control.stats().state}
        with desk.change(who, f"crawl.{action}", name, before) as change:
            if action == "requeue":
                number = control.requeue([letter] if letter else "all")
                change.after = {"requeued": number, "letter": letter or "*"}
            elif action == "discard":
                chosen = [d for d in control.dead(MOST) if letter in ("", d.id)]
                change.before = {"addresses": [d.url for d in chosen[:SHOWN]]}
                number = control.discard([d.id for d in chosen])
                change.after = {"discarded": number, "reason": reason}
            else:
                (control.pause if action == "pause" else control.resume)()
                change.after = {"state": control.stats().state}
            return dict(change.after)


@contextmanager
def opened(desk: Desk, name: str) -> Iterator[FrontierControl]:
    """Yield the control of a crawl; 404 if there is none."""
    try:
        with controlled_crawl(desk.config, name) as control:
            yield control
    except (ConfigError, FrontierGoneError) as error:
        raise HTTPException(404) from error

"""What goes on in the background, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate, Who
from admin.rendering import show
from admin.runs import Run
from purging.names import place_name
from storage.office.sessions import Session

gate = Gate()
ADMINS = {"purge.look", "purge"}
"""Kinds that name what admins alone may see: what somebody asked to have deleted."""
Id = Annotated[str, Query(alias="id", max_length=32)]


@gate.page("/runs", role="operator")
def page(request: Request, desk: AtDesk, who: Who) -> Response:
    """List them."""
    return show(request, "runs", runs=_seen(desk, who))


@gate.page("/run", role="operator")
def run_page(request: Request, desk: AtDesk, who: Who, name: Id) -> Response:
    """Show one; the page looks again each second while it goes on."""
    return show(request, "run", run=named(desk, who, name), place_name=place_name)


@gate.read("/runs", role="operator")
def api(desk: AtDesk, who: Who) -> list[dict[str, Any]]:
    """List them, the newest first."""
    return [run.to_dict() for run in _seen(desk, who)]


@gate.read("/run", role="operator")
def api_run(desk: AtDesk, who: Who, name: Id) -> dict[str, Any]:
    """Give one: ``state``, how many are ``done`` of the ``total``, and the ``result``."""
    return named(desk, who, name).to_dict()


def named(desk: Desk, who: Session, name: str) -> Run:
    """Return a run.

    Raises:
        HTTPException: 404, there is none of that id, or none for these eyes.
    """
    run = desk.runs.find(name)
    if run is None or (run.kind in ADMINS and not who.may("admin")):
        raise HTTPException(404)
    return run


def _seen(desk: Desk, who: Session) -> list[Run]:
    return [run for run in desk.runs.listed() if run.kind not in ADMINS or who.may("admin")]

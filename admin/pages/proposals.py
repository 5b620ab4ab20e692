"""Categories that a model would add: accept or reject, as ``gleanery proposals`` does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Form, HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import refusing
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from gleanery.errors import ConfigError
from pipelines.decide import accept_proposal, proposal_named, reject_proposal
from storage.office.sessions import Session

gate = Gate()
Name = Annotated[str, Form(max_length=200)]
Verdict = Annotated[Literal["accepted", "rejected"], Form()]


@gate.page("/proposals", role="viewer")
def page(request: Request, desk: AtDesk, every: bool = False) -> Response:
    """Show what waits for a decision, or everything."""
    found = desk.store.proposals(status=None if every else "pending")
    return show(request, "proposals", proposals=found, every=every)


@gate.read("/proposals", role="viewer")
def api(desk: AtDesk, every: bool = False) -> list[dict[str, Any]]:
    """List what waits for a decision, or everything."""
    found = desk.store.proposals(status=None if every else "pending")
    return [proposal.to_dict() for proposal in found]


@gate.form("/proposals", role="operator")
def form(request: Request, desk: AtDesk, who: Who, name: Name, verdict: Verdict) -> Response:
    """Decide."""
    decide(desk, who, name, verdict)
    return go(request, f"/proposals?done={verdict}")


@gate.act("/proposals/decide", role="operator")
def api_decide(
    desk: AtDesk,
    who: Who,
    name: Annotated[str, Query(max_length=200)],
    verdict: Literal["accepted", "rejected"],
) -> dict[str, Any]:
    """Decide; the answer is the proposal as it stands now."""
    decide(desk, who, name, verdict)
    return proposal_named(desk.store, name).to_dict()


def decide(desk: Desk, who: Session, name: str, verdict: Literal["accepted", "rejected"]) -> None:
    """Accept or reject a proposal, and note it.

    Raises:
        HTTPException: 404, there is none of that name.
        RefusedError: It has no place in the taxonomy.
    """
    try:
        before = {"status": proposal_named(desk.store, name).status}
    except ConfigError as error:
        raise HTTPException(404) from error
    with desk.change(who, f"proposal.{verdict}", name, before) as change:
        change.after = {"status": verdict}
        if verdict == "rejected":
            reject_proposal(desk.store, name)
            return
        with refusing():
            grown = accept_proposal(desk.config, desk.store, name)
        change.after |= {"taxonomy": grown.version}

"""Items of the spool that the store would not take: try them again, or discard one and say why."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Form, HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import checked_reason
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go
from storage.office.sessions import Session
from storage.spool.second_try import discard, requeue

gate = Gate()
Action = Literal["requeue", "discard"]
DONE: dict[Action, str] = {"requeue": "requeued", "discard": "discarded"}


@gate.form("/stores/refused", role="operator")
def form(
    *, request: Request, desk: AtDesk, who: Who, action: Annotated[Action, Form()],
    identity: Annotated[str, Form(max_length=4000)] = "",
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:  # fmt: skip
    """Let one wait again, or all of them, or discard one."""
    decide(desk, who, action, identity, reason)
    return go(request, f"/stores?done={DONE[action]}")


@gate.act("/stores/refused", role="operator")
def api(
    *, desk: AtDesk, who: Who, action: Action,
    identity: Annotated[str, Query(max_length=4000)] = "",
    reason: Annotated[str, Query(max_length=300)] = "",
) -> dict[str, int]:  # fmt: skip
    """Let one wait again, or all of them if none is named, or discard one with a reason."""
    return {DONE[action]: decide(desk, who, action, identity, reason)}


def decide(desk: Desk, who: Session, action: Action, identity: str, reason: str) -> int:
    """Do ``action``, and note it; return to how many.

    Raises:
        HTTPException: 422, nobody said which one is discarded, or why.
    """
    if action == "discard":
        reason = checked_reason(reason)
        if not identity:
            raise HTTPException(422)
    with desk.change(who, f"spool.{action}", identity or "*") as change:
        if action == "requeue":
            number = requeue(desk.spool, identity)
            change.after = {DONE[action]: number}
        else:
            number = discard(desk.spool, identity)
            change.after = {DONE[action]: number, "reason": reason}
        return number

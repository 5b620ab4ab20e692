"""The work queue: how much waits, what was given up, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from pipelines.work.enqueue import queue_of
from storage.office.sessions import Session

gate = Gate()
SHOWN = 100
"""Parked jobs listed at most."""
MOST = 10_000
"""Parked jobs looked through for one to be discarded."""
Identity = Annotated[str, Form(max_length=4000)]
Reason = Annotated[str, Form(min_length=3, max_length=300)]


@gate.page("/work", role="viewer")
def page(request: Request, desk: AtDesk) -> Response:
    """Show the counts and what was given up."""
    return show(request, "work", **looked(desk))


@gate.read("/work", role="viewer")
def api(desk: AtDesk) -> dict[str, Any]:
    """Count the jobs, and list those given up."""
    found = looked(desk)
    return {"counts": found["counts"], "parked": [asdict(job) for job in found["parked"]]}


@gate.form("/work/requeue", role="operator")
def form(request: Request, desk: AtDesk, who: Who, identity: Identity = "") -> Response:
    """Try one again, or all of them."""
    requeue(desk, who, identity)
    return go(request, "/work?done=requeued")


@gate.act("/work/requeue", role="operator")
def api_requeue(
    desk: AtDesk, who: Who, identity: Annotated[str, Query(max_length=4000)] = ""
) -> dict[str, int]:
    """Try one again, or all of them if none is named."""
    return {"requeued": requeue(desk, who, identity)}


@gate.form("/work/discard", role="operator")
def form_discard(
    request: Request, desk: AtDesk, who: Who, identity: Identity, reason: Reason
) -> Response:
    """Give one up for good."""
    discard(desk, who, identity, reason)
    return go(request, "/work?done=discarded")


@gate.act("/work/discard", role="operator")
def api_discard(
    desk: AtDesk,
    who: Who,
    identity: Annotated[str, Query(max_length=4000)],
    reason: Annotated[str, Query(min_length=3, max_length=300)],
) -> dict[str, int]:
    """Give one up for good, and say why; only what is parked is discarded."""
    return {"discarded": discard(desk, who, identity, reason)}


def looked(desk: Desk) -> dict[str, Any]:
    """Return ``counts`` and the ``parked`` jobs."""
    with queue_of(desk.config) as queue:
        return {"counts": asdict(queue.counts()), "parked": queue.parked(SHOWN)}


def requeue(desk: Desk, who: Session, identity: str) -> int:
    """Try a job again, or all of them, and note it; return how many."""
    with (
        desk.change(who, "work.requeue", identity or "*") as change,
        queue_of(desk.config) as queue,
    ):
        number = queue.requeue([identity] if identity else "all")
        change.after = {"requeued": number}
        return number


def discard(desk: Desk, who: Session, identity: str, reason: str) -> int:
    """Forget a parked job, and note why; return how many: 0 if it is not parked any more."""
    with (
        desk.change(who, "work.discard", identity) as change,
        queue_of(desk.config) as queue,
    ):
        parked = next((job for job in queue.parked(MOST) if job.identity == identity), None)
        if parked is None:
            change.after = {"discarded": 0}
            return 0
        change.before = {"steps": parked.steps, "failures": parked.failures}
        number = len(queue.remove([identity]))
        change.after = {"discarded": number, "reason": reason}
        return number

"""Nodes: what each scrapyd runs, when it was last heard of; drain one, let it work again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Form, HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from storage.office.sessions import Session

gate = Gate()
REMEMBERED_SECONDS = 7 * 86400.0
"""A node that was killed is shown for so long."""
Action = Literal["drain", "work", "forget"]
DONE: dict[Action, str] = {"drain": "drained", "work": "resumed", "forget": "removed"}
Name = Annotated[str, Form(min_length=1, max_length=191)]


@gate.page("/nodes", role="viewer")
def page(request: Request, desk: AtDesk) -> Response:
    """Show them."""
    return show(request, "nodes", nodes=looked(desk))


@gate.read("/nodes", role="viewer")
def api(desk: AtDesk) -> list[dict[str, Any]]:
    """List nodes with ``silent_seconds``, ``alive``, their ``running`` jobs and ``version``."""
    return looked(desk)


@gate.form("/nodes", role="operator")
def form(
    request: Request, desk: AtDesk, who: Who, name: Name, action: Annotated[Action, Form()]
) -> Response:
    """Drain a node, let it work again, or forget one that is gone."""
    steer(desk, who, name, action)
    return go(request, f"/nodes?done={DONE[action]}")


@gate.act("/nodes", role="operator")
def api_act(
    desk: AtDesk,
    who: Who,
    name: Annotated[str, Query(min_length=1, max_length=191)],
    action: Action,
) -> dict[str, str]:
    """Drain a node, let it work again, or forget one that is gone."""
    steer(desk, who, name, action)
    return {"node": name, "action": action}


def looked(desk: Desk) -> list[dict[str, Any]]:
    """Return what is known of each node."""
    ledger = desk.jobs.ledger
    nodes = ledger.nodes(within_seconds=REMEMBERED_SECONDS)
    ordered, versions = ledger.drained(), ledger.versions([node.name for node in nodes])
    now, rows = datetime.now(UTC), []
    for node in nodes:
        silent = max(0.0, (now - datetime.fromisoformat(node.heartbeat_at)).total_seconds())
        rows.append(
            asdict(node)
            | {
                "silent_seconds": round(silent, 1),
                "alive": silent < desk.config.jobs_lost_seconds,
                "ordered": node.name in ordered,
                "version": versions.get(node.name),
            }
        )
    return rows


def steer(desk: Desk, who: Session, name: str, action: Action) -> None:
    """Do ``action`` to a node, and note it.

    Raises:
        HTTPException: 404, there is no such node.
        RefusedError: It is alive, and cannot be forgotten.
    """
    node = next((row for row in looked(desk) if row["name"] == name), None)
    if node is None:
        raise HTTPException(404)
    if action == "forget" and node["alive"]:
        raise RefusedError(f"{name} is alive: stop it first (실행 중인 노드입니다)")
    with desk.change(who, f"node.{action}", name, {"ordered": node["ordered"]}) as change:
        if action == "forget":
            desk.jobs.ledger.leave(name)
        else:
            desk.jobs.ledger.order(name, drain=action == "drain")
        change.after = {"ordered": action == "drain"}

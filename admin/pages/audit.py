"""Who changed what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from admin.gate import AtDesk, Gate
from admin.rendering import show
from storage.office.audit import Entry

gate = Gate()
ROWS = 50
Name = Annotated[str, Query(max_length=80)]
Before = Annotated[int, Query(ge=0, le=2**62)]


@gate.page("/audit", role="admin")
def page(
    request: Request, desk: AtDesk, user: Name = "", action: Name = "", before: Before = 0
) -> Response:
    """Show the newest entries, or those before one."""
    found = desk.audit.page(user=user, action=action, before_id=before, limit=ROWS + 1)
    older = found[ROWS - 1].id if len(found) > ROWS else 0
    values: dict[str, Any] = {"entries": found[:ROWS], "older": older}
    return show(request, "audit", user=user, action=action, **values)


@gate.read("/audit", role="admin")
def api(desk: AtDesk, user: Name = "", action: Name = "", before: Before = 0) -> list[Entry]:
    """List entries, the newest first; ``before`` is the last one's id of the page before."""
    return desk.audit.page(user=user, action=action, before_id=before, limit=ROWS)

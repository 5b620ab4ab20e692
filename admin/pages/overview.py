"""What is kept: counts of the store."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from admin.gate import AtDesk, Gate, Who
from admin.rendering import show

gate = Gate()


@gate.page("/", role="viewer")
def page(request: Request, desk: AtDesk) -> Response:
    """Show the counts."""
    return show(request, "overview", stats=desk.counted())


@gate.read("/stats", role="viewer")
def api(desk: AtDesk) -> dict[str, Any]:
    """Give the counts of the store, and when it was counted."""
    return desk.counted()


@gate.read("/me", role="viewer")
def me(who: Who) -> dict[str, str]:
    """Say who is logged in, and what browsers must send in ``X-CSRF-Token`` to change things."""
    return {"user": who.user, "role": who.role, "csrf": who.csrf}

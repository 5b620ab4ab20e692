"""Every setting, its value, and where that comes from."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from admin.gate import AtDesk, Gate
from admin.rendering import show
from gleanery.settings_list import settings_in_force

gate = Gate()


@gate.page("/settings", role="operator")
def page(request: Request, desk: AtDesk) -> Response:
    """Show them; secrets are masked."""
    return show(request, "settings", rows=settings_in_force(desk.config))


@gate.read("/settings", role="operator")
def api(desk: AtDesk) -> list[dict[str, str]]:
    """List them; secrets are masked."""
    return settings_in_force(desk.config)

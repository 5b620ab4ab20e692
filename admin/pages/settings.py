"""Every setting, its value, and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import Response

from admin.gate import AtDesk, Gate
from admin.korean_settings import SETTINGS
from admin.rendering import show
from gleanery.settings_list import settings_in_force

if TYPE_CHECKING:
    from admin.desk import Desk

gate = Gate()


@gate.page("/settings", role="operator")
def page(request: Request, desk: AtDesk) -> Response:
    """Show them; secrets are masked."""
    return show(request, "settings", rows=looked(desk))


@gate.read("/settings", role="operator")
def api(desk: AtDesk) -> list[dict[str, str]]:
    """List them, ``meaning_ko`` is Korean; secrets are masked."""
    return looked(desk)


def looked(desk: Desk) -> list[dict[str, str]]:
    """Return each setting with what it means in both languages."""
    return [
        row | {"meaning_ko": SETTINGS[row["field"].upper()]}
        for row in settings_in_force(desk.config)
    ]

"""Engines: which there are, which answer, how fast, and how they compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate
from admin.rendering import show
from gleanery.errors import GleaneryError
from gleanery.fields.models import TOOL_ENGINES
from model_server.comparisons import comparisons
from model_server.engine import find_engines
from model_server.spec import read_spec
from model_server.status import ServerStatus, look

gate = Gate()


@gate.page("/engines", role="viewer")
def page(request: Request, desk: AtDesk) -> Response:
    """Show them."""
    return show(request, "engines", **looked(desk))


@gate.read("/engines", role="viewer")
def api(desk: AtDesk) -> dict[str, Any]:
    """Give ``known`` engines, the ``configured`` ones, ``servers`` and ``comparisons``."""
    found = looked(desk)
    return found | {"servers": [_plain(server) for server in found["servers"]]}


def looked(desk: Desk) -> dict[str, Any]:
    """Return what is known, configured and running, and the last comparisons."""
    known = {name: sorted(engine.capabilities()) for name, engine in find_engines().items()}
    configured, problem = _configured(desk)
    urls = [url for word in desk.config.model_server_url.split(",") if (url := word.strip())]
    return {
        "known": known, "configured": configured, "problem": problem, "servers": look(urls),
        "comparisons": comparisons(desk.config.home),
    }  # fmt: skip


def _configured(desk: Desk) -> tuple[dict[str, str], str]:
    """Return engines by what they are for, and why they cannot be had."""
    config = desk.config
    tools = {tool: getattr(config, field) for tool, field in TOOL_ENGINES.items()}
    try:
        spec = read_spec(config.model_engine, config.model_engines_file, tools=tools)
    except GleaneryError as error:
        return {"MODEL_ENGINE": config.model_engine}, str(error)
    return {"MODEL_ENGINE": spec.main} | {str(tool): name for tool, name in spec.tools.items()}, ""


def _plain(server: ServerStatus) -> dict[str, Any]:
    row = asdict(server)
    for engine, kinds in server.figures.items():
        for kind, figures in kinds.items():
            row["figures"][engine][kind]["documents_per_second"] = figures.documents_per_second
    return row

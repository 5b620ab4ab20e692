"""Pages out of templates: everything is escaped, addresses of others are no links to click."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin.look import look_of
from admin.progress.view import named

if TYPE_CHECKING:
    from starlette.requests import Request

    from admin.look import Look

TEMPLATES = Path(__file__).parent / "templates"
NOTES = {
    "saved": "Saved.",
    "accepted": "Accepted: running crawls and servers see it when restarted.",
    "rejected": "Rejected.",
    "requeued": "Queued again.",
    "discarded": "Discarded.",
    "paused": "Paused.",
    "resumed": "Running again.",
    "cancelled": "They are being ended.",
    "retried": "Queued once more.",
    "removed": "Removed.",
    "revoked": "Logged out everywhere.",
    "drained": "It starts no job any more.",
    "scheduled": "Scheduled.",
    "unscheduled": "No longer scheduled.",
}
"""What may be said after a change; the address names one of them, and no text of its own."""
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    Args:
        request: Says who asks, in which language and colours.
        template: File in ``templates``, without ``.html.j2``.
        status: Of the answer.
        values: What the template shows.
    """
    look = look_of(request)
    session = getattr(request.state, "session", None)
    note = NOTES.get(request.query_params.get("done", ""), "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    html = _ENVIRONMENT.get_template(f"{template}.html.j2").render(
        values, t=look.say, look=look, who=session, note=note, path=request.url.path, here=here
    )
    return HTMLResponse(html, status_code=status)


def part(look: Look, template: str, **values: Any) -> str:
    """Return a part of a page, as ``show`` would show it to whom ``look`` describes."""
    return _ENVIRONMENT.get_template(f"{template}.html.j2").render(values, t=look.say, look=look)


def go(request: Request, path: str) -> Response:
    """Send the browser on to ``path``, one of ours, after a change."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


def instant(ms: float) -> str:
    """Write milliseconds since 1970 as ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")[:19]


def figure(value: float | None) -> str:
    """Write a number with two decimals at most; ``None`` as a dash."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """Write seconds as hours, minutes and seconds, which needs no language."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


_ENVIRONMENT.filters["duration"] = duration
_ENVIRONMENT.globals["series"] = named
_ENVIRONMENT.filters["instant"] = instant
_ENVIRONMENT.filters["figure"] = figure
_ENVIRONMENT.globals["figures"] = {
    "pages": "Pages", "items": "Items", "errors": "Errors", "seconds": "Seconds",
    "wanted_share": "Share wanted",
}  # fmt: skip

"""What a visitor sees when something fails: what to do about it, and nothing of our insides."""

from __future__ import annotations

import logging
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin.gate import LoginNeededError
from admin.rendering import show
from admin.runs import TooManyRunsError
from gleanery.errors import ConfigError, GleaneryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.requests import Request

logger = logging.getLogger(__name__)
TITLES = {
    400: "This cannot be done.",
    403: "You may not do this.",
    404: "There is no such page.",
    409: "This cannot be done.",
    422: "Something in the form does not fit.",
    429: "Too many attempts: try again later.",
    503: "A server that this page needs is away.",
}


LEAST_REASON = 3
"""Characters."""


class RefusedError(Exception):
    """What was asked for cannot be done; the message is written for whoever asked."""


@contextmanager
def refusing(kind: type[Exception] = ConfigError) -> Iterator[None]:
    """Raise errors of a kind as :class:`RefusedError`."""
    try:
        yield
    except kind as error:
        raise RefusedError(str(error)) from error


def checked_reason(reason: str) -> str:
    """Return why something is to go, without spaces around it.

    Raises:
        HTTPException: 422, nobody said.
    """
    if len(reason.strip()) < LEAST_REASON:
        raise HTTPException(422)
    return reason.strip()


def install(app: FastAPI) -> None:
    """Answer every error of ``app``."""
    app.add_exception_handler(LoginNeededError, _login)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(TooManyRunsError, _refused)
    app.add_exception_handler(GleaneryError, _away)
    app.add_exception_handler(Exception, _broken)


def answer(request: Request, status: int, detail: str = "") -> Response:
    """Return an error as a page, or as JSON under ``/api``."""
    title = TITLES.get(status, "Something went wrong.")
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": title, "detail": detail}, status)
    return show(request, "error", status=status, title=title, detail=detail)


def _login(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        headers = {"WWW-Authenticate": "Bearer"}
        return JSONResponse({"error": "Log in first.", "detail": ""}, 401, headers)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    path = "/login" if request.method != "GET" else f"/login?next={quote(here, safe='/')}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    found = answer(request, error.status_code)
    found.headers.update(error.headers or {})
    return found


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = {str(part["loc"][-1]) for part in error.errors() if part["loc"]}
    return answer(request, 422, ", ".join(sorted(names)))


def _refused(request: Request, error: Exception) -> Response:
    return answer(request, 409, str(error))


def _away(request: Request, error: Exception) -> Response:
    return answer(request, 503, _logged(request, error))


def _broken(request: Request, error: Exception) -> Response:
    return answer(request, 500, _logged(request, error))


def _logged(request: Request, error: Exception) -> str:
    number = secrets.token_hex(4)
    logger.error("Error %s at %s", number, request.url.path, exc_info=error)
    return f"# {number}"

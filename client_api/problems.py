"""Every error as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gleanery.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

logger = logging.getLogger(__name__)
TYPE = "application/problem+json"
RETRY_SECONDS = 5


class Fault(BaseModel):
    """One parameter that does not fit."""

    where: str
    why: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, faults: Any = ()
) -> JSONResponse:
    """Return an answer that states a problem."""
    title = HTTPStatus(status).phrase
    body = Problem(title=title, status=status, detail=detail, errors=list(faults))
    more = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body.model_dump(), status, more, TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's responses for these problems."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                TYPE: {
                    "schema": Problem.model_json_schema(
                        ref_template="#/components/schemas/{model}"
                    ),
                    "example": Problem(
                        title=HTTPStatus(status).phrase, status=status, detail="Why it is so."
                    ).model_dump(),
                }
            },
        }
        for status in statuses
    }


def handle_problems(app: FastAPI) -> None:
    """Let ``app`` answer every error so."""

    @app.exception_handler(ProblemError)
    async def _ours(request: Request, error: ProblemError) -> JSONResponse:
        return problem(error.status, error.detail, headers=_headers(request, error.headers))

    @app.exception_handler(HTTPException)
    async def _routing(request: Request, error: HTTPException) -> JSONResponse:
        headers = _headers(request, error.headers or {})
        return problem(error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            Fault(where=".".join(map(str, e["loc"]))[:200], why=str(e["msg"])[:200])
            for e in error.errors()
        ]
        text = "A parameter does not fit (매개변수가 올바르지 않습니다)."
        return problem(422, text, headers=_headers(request, {}), faults=faults)

    @app.exception_handler(StoreError)
    async def _away(request: Request, error: StoreError) -> JSONResponse:
        logger.warning("The store does not answer: %s", error)  # an address stays in the log
        text = "The store does not answer (저장소가 응답하지 않습니다)."
        retry = {"Retry-After": str(RETRY_SECONDS)}
        return problem(503, text, headers=_headers(request, retry))

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        logger.error("A request failed", exc_info=error)
        return problem(500, "An error of ours; it was logged (내부 오류).")


def _headers(request: Request, more: Mapping[str, str]) -> dict[str, str]:
    return {**getattr(request.state, "headers", {}), **more}

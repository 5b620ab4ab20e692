"""What the admin page counts, for Prometheus; names and labels are listed in docs/metrics.md."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, HTTPException, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.responses import Response

from gleanery.scrape_door import may_scrape

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# a series more for each counter, of no use to anybody
disable_created_metrics()  # type: ignore[no-untyped-call]
METHODS = ("GET", "HEAD", "POST")
NO_ROUTE = "(none)"
"""Label ``route`` of what is no page, and of files: the names of either are endless."""


class AdminNumbers:
    """Numbers of one program, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "gleanery_admin_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "gleanery_admin_request_seconds",
            "Time until an answer began",
            ["route"],
            registry=registry,
        )
        self.failed_logins = Counter(
            "gleanery_admin_login_failures",
            "Logins that were refused: wrong, or tried too often",
            ["reason"],
            registry=registry,
        )
        for reason in ("wrong", "too_many", "oidc"):
            self.failed_logins.labels(reason)
        self._streams = Gauge(
            "gleanery_admin_live_streams", "People who watch a job live", registry=registry
        )

    def count_streams(self, number: Callable[[], float]) -> None:
        """Ask ``number`` how many live streams there are."""
        self._streams.set_function(number)


class Counting:
    """ASGI middleware: counts requests by the template of their route."""

    def __init__(self, app: ASGIApp, *, numbers: AdminNumbers) -> None:
        self._app, self._numbers = app, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, seconds = time.perf_counter(), 500, 0.0

        async def sent(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":  # a stream goes on for hours
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            self._note(scope, status, seconds or time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        self._numbers.requests.labels(method, route, str(status)).inc()
        self._numbers.seconds.labels(route).observe(seconds)


def for_scrapers(request: Request) -> None:
    """Let Prometheus pass; for all others there is no such page.

    Raises:
        HTTPException: 404.
    """
    token = request.app.state.desk.config.metrics_token.get_secret_value()
    if not may_scrape(token, request.headers, request.client.host if request.client else ""):
        raise HTTPException(404)


routes = APIRouter(include_in_schema=False, dependencies=[Depends(for_scrapers)])


@routes.get("/metrics", response_model=None)
def metrics(request: Request) -> Response:
    """Tell the numbers."""
    numbers: AdminNumbers = request.app.state.desk.numbers
    return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)

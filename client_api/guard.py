"""Around every request: limits of size and time, a line in the access log, numbers."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from client_api.problems import RETRY_SECONDS, problem

if TYPE_CHECKING:
    from fastapi.responses import JSONResponse
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# a series more for each counter, of no use to anybody
disable_created_metrics()  # type: ignore[no-untyped-call]
access = logging.getLogger("client_api.access")
LONGEST_QUERY = 32_768
"""Bytes of what stands behind the ``?``."""


class Numbers:
    """What `/metrics` tells."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "gleanery_api_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "gleanery_api_request_seconds",
            "Time to the answer.",
            ["route"],
            registry=self.registry,
        )


class _TooLargeError(Exception):
    pass


class _Body:
    """Counts what a request sends; nothing of it is handed on once there is too much."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._size = receive, most, 0

    @property
    def too_large(self) -> bool:
        return self._size > self._most

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self.too_large:
            raise _TooLargeError
        return message


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, max_body: int, seconds: float, numbers: Numbers) -> None:
        self.app, self.max_body, self.seconds, self.numbers = app, max_body, seconds, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if len(scope["query_string"]) > LONGEST_QUERY:
                text = f"At most {LONGEST_QUERY} bytes (주소가 너무 깁니다)."
                await problem(414, text)(scope, receive, sent)
            else:
                await self._limited(scope, receive, sent)
        except BaseException:
            status = status or 500
            raise
        finally:
            self._note(scope, status, time.perf_counter() - began)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, body = False, _Body(receive, self.max_body)

        async def sent(message: Message) -> None:
            nonlocal started
            if body.too_large and not started:
                return  # FastAPI takes the error for a body of no JSON, and answers 400
            started = True
            if scope.get("state", {}).get("long"):
                timer.reschedule(None)
            await send(message)

        answer: JSONResponse | None = None
        try:
            async with asyncio.timeout(self.seconds) as timer:
                await self.app(scope, body.receive, sent)
        except _TooLargeError:
            pass
        except TimeoutError:
            retry = {"Retry-After": str(RETRY_SECONDS)}
            answer = problem(503, "It took too long (시간이 초과되었습니다).", headers=retry)
        if body.too_large:
            answer = problem(413, f"At most {self.max_body} bytes (본문이 너무 큽니다).")
        if answer and not started:
            await answer(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        method = (
            scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE") else "(other)"
        )
        self.numbers.requests.labels(method, route, str(status)).inc()
        self.numbers.seconds.labels(route).observe(seconds)
        line = {
            "method": method,
            "route": route,  # neither what was asked for nor a key
            "status": status,
            "ms": round(seconds * 1000, 1),
            "key": scope.get("state", {}).get("key_id"),
        }
        access.info("%s", json.dumps(line), extra={"fields": line})

"""A small HTTP program around a registry: ``/metrics`` for whoever may, health for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gleanery.scrape_door import may_scrape

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Health:
    """What probes ask, in threads; a program that this one is all of answers by answering."""

    alive: Callable[[], bool] = lambda: True
    ready: Callable[[], bool] = lambda: True


def metrics_app(registry: CollectorRegistry, token: str, health: Health | None = None) -> Starlette:
    """Return the program.

    Args:
        registry: What it tells; asked in a thread.
        token: As :func:`gleanery.scrape_door.may_scrape` takes it.
        health: Behind ``/healthz`` and ``/readyz``.
    """
    health = health or Health()

    def metrics(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        if not may_scrape(token, request.headers, peer):
            return PlainTextResponse("Unauthorized\n", 401, {"WWW-Authenticate": "Bearer"})
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def probe(holds: Callable[[], bool]) -> Callable[[Request], Response]:
        def answer(_: Request) -> Response:
            return PlainTextResponse("ok\n") if holds() else PlainTextResponse("no\n", 503)

        return answer

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/healthz", probe(health.alive)),
            Route("/readyz", probe(health.ready)),
        ]
    )

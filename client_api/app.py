"""The application: routes, keys, limits, errors."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from client_api.access import Doorkeeper
from client_api.export_jobs import ExportJobs
from client_api.export_routes import export_routes
from client_api.export_runner import ExportRunner
from client_api.guard import Guard, Numbers
from client_api.limits import RateLimits
from client_api.models import Health
from client_api.problems import documented, handle_problems
from client_api.reading import Reader
from client_api.routes import routes
from storage.video_index import VectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gleanery.config import Config

VERSION = "1.0"


def create_app(config: Config) -> FastAPI:
    """Return the API over the store that ``config`` names; it is opened when it is first asked."""
    reader = Reader(config)
    limits = RateLimits(config.redis_url)

    jobs = ExportJobs(config.home)
    runner = ExportRunner(jobs)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        runner.start()
        try:
            yield
        finally:
            runner.stop()
            app.state.vectors.close()
            reader.close()
            limits.close()

    app = FastAPI(
        title="Gleanery",
        version=VERSION,
        description="What was collected, read-only. Show a key of `gleanery api-keys create`.",
        lifespan=life,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.reader, app.state.vectors = reader, VectorIndex()
    app.state.door = Doorkeeper(reader, limits)
    numbers = Numbers()
    handle_problems(app)
    app.state.exports = jobs
    app.include_router(routes)
    app.include_router(export_routes)
    _add_health(app, reader, numbers)
    app.add_middleware(
        Guard,
        max_body=config.api_max_body_bytes,
        seconds=config.api_timeout_seconds,
        numbers=numbers,
    )
    return app


def _add_health(app: FastAPI, reader: Reader, numbers: Numbers) -> None:
    @app.get("/healthz", tags=["health"], responses=documented(500, 503))
    async def healthz() -> Health:
        """Say that the process runs."""
        return Health(status="ok")

    @app.get("/readyz", tags=["health"], responses=documented(500, 503))
    async def readyz() -> Health:
        """Say whether the store answers."""
        await reader.ask(lambda store: store.page(limit=1))
        return Health(status="ok")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)

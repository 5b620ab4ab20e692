"""The program: its pages, its JSON, and what stands around them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles

from admin import failures, metrics
from admin.desk import Desk
from admin.gate import Needs
from admin.live import Live
from admin.pages import login, oidc
from admin.pages.all import GATES
from admin.shield import Shield
from crawlers.notices.teller import Teller
from crawlers.scrapyd.logs import grown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gleanery.config import Config

STATIC = Path(__file__).parent / "static"


def create_app(config: Config) -> FastAPI:
    """Return the program, ready to be served.

    Raises:
        ConfigError: A setting is missing or malformed.
        StoreError: The tables of users are away.
    """
    desk, teller = Desk(config), Teller(config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        teller.start()
        desk.recorder.start()
        yield
        teller.stop()
        desk.close()

    app = FastAPI(
        title="Gleanery admin", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.desk = desk
    app.state.live = Live(desk.recorder.watched, partial(grown, config))
    desk.numbers.count_streams(lambda: app.state.live.watching)
    app.add_middleware(Shield, public_url=config.admin_url)
    app.add_middleware(metrics.Counting, numbers=desk.numbers)
    failures.install(app)
    app.include_router(login.public)
    app.include_router(oidc.public)
    app.include_router(metrics.routes)
    for gate in (login.gate, *GATES):
        app.include_router(gate.pages)
        app.include_router(gate.api)

    @app.get("/api/openapi.json", dependencies=[Depends(Needs("viewer"))], include_in_schema=False)
    def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    # not the pages: what is secret in them would show in their length
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC)))
    return app

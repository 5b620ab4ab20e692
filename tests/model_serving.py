"""A model server over HTTP in a thread of the test's own process; it can be stopped and started."""

from __future__ import annotations

import threading
from typing import Any, Self

import uvicorn

from model_server.http import build_app
from tests.conftest import wait_until
from tests.model_echo import TAXONOMY, engine_set


class Served:
    """Serves one engine on one port; ``with`` it."""

    def __init__(self, engine, **options: Any) -> None:
        self.engine, self.options, self.port = engine, options, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        self.engines = engine_set(self.engine)
        app = build_app(self.engines, TAXONOMY, **self.options)
        self.server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="error"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        wait_until(lambda: self.server.started, seconds=60)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.engine.gate.set()
        self.server.should_exit = self.server.force_exit = True
        self.thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

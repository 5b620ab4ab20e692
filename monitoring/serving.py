"""Tells numbers beside another program's work, in a thread."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from gleanery.errors import ConfigError
from monitoring.app import metrics_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry

    from monitoring.app import Health

START_SECONDS = 10.0


@contextmanager
def telling(
    registry: CollectorRegistry, *, host: str, port: int, token: str, health: Health
) -> Iterator[None]:
    """Serve ``/metrics`` and the program's health until the block ends.

    Raises:
        ConfigError: Nobody can listen there.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            metrics_app(registry, token, health),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
        )
    )
    thread = threading.Thread(target=_serve, args=[server], name="metrics", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise ConfigError(f"metrics: {host}:{port} is taken (포트를 쓸 수 없습니다)")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def _serve(server: uvicorn.Server) -> None:
    try:
        server.run()
    except SystemExit:  # uvicorn's way of saying that it could not listen
        return

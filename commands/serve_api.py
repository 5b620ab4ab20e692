"""``gleanery serve-api``: the read-only HTTP API for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

DRAIN_SECONDS = 10
"""Time for requests under way to end when the API is stopped."""


def serve_api(
    host: Annotated[str | None, typer.Option(help="Where to listen; default as set.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 = any; default as set.")
    ] = None,
) -> None:
    """Serve what was collected over HTTP, read-only (읽기 전용 API 실행)."""
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from gleanery.logs import start_logs

    try:
        import uvicorn

        from client_api.app import create_app
    except ImportError as error:
        raise ConfigError(
            "The API needs its packages (패키지가 없습니다):"
            f" pip install 'gleanery[server]' ({error})"
        ) from error
    config = load_config()
    start_logs(config)
    uvicorn.run(
        create_app(config),
        host=config.api_host if host is None else host,
        port=config.api_port if port is None else port,
        access_log=False,  # its lines would hold what was asked for; ours do not
        log_config=None,
        server_header=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )

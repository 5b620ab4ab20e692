"""``gleanery serve-metrics``: the crawl exporter, for Prometheus."""

from __future__ import annotations

from typing import Annotated

import typer


def serve_metrics(
    host: Annotated[str | None, typer.Option(help="Where to listen; default as set.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 = any; default as set.")
    ] = None,
) -> None:
    """Tell Prometheus of crawls, jobs, queues, stores and disks (지표 내보내기)."""
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from gleanery.logs import start_logs

    try:
        import uvicorn

        from monitoring.app import metrics_app
        from monitoring.exporter import exporter_registry
    except ImportError as error:
        raise ConfigError(
            "The exporter needs its packages (패키지가 없습니다):"
            f" pip install 'gleanery[server]' ({error})"
        ) from error
    config = load_config()
    start_logs(config)
    uvicorn.run(
        metrics_app(exporter_registry(config), config.metrics_token.get_secret_value()),
        host=config.metrics_host if host is None else host,
        port=config.metrics_port if port is None else port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )

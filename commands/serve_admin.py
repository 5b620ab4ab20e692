"""``gleanery serve-admin``: the admin page."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import say


def serve_admin(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at. / 주소.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port. / 포트.")] = 8780,
) -> None:
    """Serve the admin page (관리 페이지 실행); the first user: `gleanery users add`."""
    try:
        import uvicorn

        from admin.app import create_app
    except ImportError as error:
        from gleanery.errors import ConfigError

        raise ConfigError(
            f"The admin page needs its packages: pip install 'gleanery[server]' ({error})"
        ) from error
    from gleanery.config import load_config
    from gleanery.logs import start_logs, writes_json

    config = load_config()
    start_logs(config)
    app = create_app(config)
    if not writes_json():  # uvicorn's own line says it there
        say(f"http://{host}:{port} (관리 페이지)")
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=config.log_level.lower(),
        access_log=False,
        log_config=None,  # its lines go where ours go
        server_header=False,
        proxy_headers=bool(config.admin_trusted_proxies),
        forwarded_allow_ips=list(config.admin_trusted_proxies),
        timeout_graceful_shutdown=5,
    )

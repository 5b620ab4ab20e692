"""``gleanery serve``: everything on one machine, one log, one Ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import tell

Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="SERVICE", help="Leave one out. / 빼고 시작합니다."),
]


def serve(without: Without = None) -> None:
    """Start Redis, model server, scrapyd, admin page and client API (모두 실행)."""
    from commands.serve_plan import check_ports, plan
    from commands.supervisor import supervise
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from gleanery.logs import start_logs

    config = load_config()
    start_logs(config)
    services = plan(config, frozenset(without or ()))
    if not services:
        raise ConfigError("nothing is left to start (시작할 것이 없습니다)")
    check_ports(services)
    for service in services:
        tell(service.name, service.where)
    supervise(services, patience_seconds=config.scrapyd_drain_seconds + 15)

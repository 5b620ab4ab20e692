"""What `gleanery serve` starts, and how each finds the others."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gleanery.config import Config

NAMES = ("redis", "models", "scrapyd", "admin", "api")
SOCKET_PATH = 100
"""Bytes of a socket's path, at most (Linux: 107)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One program."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    where: str
    """Its address, for people."""
    host: str = "127.0.0.1"
    port: int | None = None


def plan(config: Config, without: frozenset[str]) -> list[Service]:
    """Return the services in the order of starting.

    Raises:
        ConfigError: ``without`` names one that there is not.
    """
    if unknown := without - set(NAMES):
        raise ConfigError(f"no service {min(unknown)!r}: there are {', '.join(NAMES)}")
    home = config.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ) | {"GLEANERY_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    services = []
    if "redis" not in without and not config.redis_url and (redis := _redis(home, env)):
        services.append(redis)
        env["GLEANERY_REDIS_URL"] = redis.where
    if "models" not in without and not config.model_server_url:
        port = config.serve_models_port
        env["GLEANERY_MODEL_SERVER_URL"] = f"http://127.0.0.1:{port}/mcp"
        services.append(_ours("models", ["serve-models", "--port", str(port)], port, env))
    if "scrapyd" not in without:
        services.append(_scrapyd(config, home, env))
    if "admin" not in without:
        port = config.serve_admin_port
        services.append(_ours("admin", ["serve-admin", "--port", str(port)], port, env))
    if "api" not in without:
        words = ["serve-api", "--host", "127.0.0.1"]
        services.append(_ours("api", words, config.api_port, env))
    return services


def _redis(home: Path, env: dict[str, str]) -> Service | None:
    """Return a Redis on a socket that only we may open; ``None`` where there is no such program."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    folder = home / "redis"
    path = folder / "redis.sock"
    if program is None or len(os.fsencode(path)) > SOCKET_PATH:
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    command = [program, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    command += ["--dir", str(folder), "--appendonly", "yes"]
    return Service(
        name="redis", command=command, environment=env, folder=folder, where=f"unix://{path}"
    )


def _ours(name: str, words: list[str], port: int, env: dict[str, str]) -> Service:
    return Service(
        name=name,
        command=[sys.executable, "-m", "commands.app", *words],
        environment=dict(env),
        folder=Path.cwd(),
        where=f"http://127.0.0.1:{port}",
        port=port,
    )


def _scrapyd(config: Config, home: Path, env: dict[str, str]) -> Service:
    folder = Path.cwd()
    if not (folder / "scrapy.cfg").is_file():  # installed from a wheel: scrapyd wants such a file
        folder = home / "scrapyd"
        folder.mkdir(exist_ok=True)
        (folder / "scrapy.cfg").write_text(
            "[settings]\ndefault = crawlers.settings\n\n"
            "[scrapyd]\napplication = crawlers.scrapyd.app.application\n",
            encoding="utf-8",
        )
    return Service(
        name="scrapyd",
        command=[sys.executable, "-m", "scrapyd", "--pidfile="],
        environment=dict(env),
        folder=folder,
        where=f"http://{config.scrapyd_host}:{config.scrapyd_port}",
        host=config.scrapyd_host,
        port=config.scrapyd_port,
    )


def check_ports(services: Iterable[Service]) -> None:
    """Refuse to start where somebody listens already.

    Raises:
        ConfigError: A port is taken.
    """
    for service in services:
        if service.port is None:
            continue
        family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((service.host, service.port))
            except OSError as error:
                raise ConfigError(
                    f"{service.name}: {service.host}:{service.port} is taken ({error.strerror});"
                    f" see GLEANERY_{_setting(service.name)} (포트를 쓸 수 없습니다)"
                ) from error


def _setting(name: str) -> str:
    return f"{name.upper()}_PORT" if name in ("scrapyd", "api") else f"SERVE_{name.upper()}_PORT"

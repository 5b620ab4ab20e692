"""``python -m model_server``: the model server as a process of its own, over streamable HTTP."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from functools import partial

import uvicorn
from mcp.server.mcpserver import MCPServer

from gleanery.config import Config, load_config, reveal
from gleanery.errors import GleaneryError
from gleanery.logs import last_line, start_logs
from gleanery.tracing import start_tracing
from items.taxonomy import load_taxonomy
from media.store import open_media
from model_server.embedded import make_engines
from model_server.engine import Engine
from model_server.engine_set import EngineSet
from model_server.http import build_app, check_exposure
from model_server.runner import EngineRunner
from model_server.server import build_server

logger = logging.getLogger("model_server")

RELOAD_SECONDS = 5.0
"""Pause before an engine that did not load is tried again; it doubles each time. What it needs, an
endpoint or a volume, may come later than we do, and nobody calls a server that is not ready."""
MOST_RELOAD_SECONDS = 300.0
CLOSE_SECONDS = 5.0
"""Longest wait for an engine to end what it computes for nobody any more."""


Beside = Callable[[Config, MCPServer], AbstractAsyncContextManager[None]]
"""What goes on in the server's process and event loop while it serves; gets the same engines."""


def main(arguments: Sequence[str] | None = None, *, work: Beside | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    Args:
        arguments: Of the command line.
        work: What the option ``--work`` starts; without, there is no such option.
    """
    try:
        options = parse(arguments, can_work=work is not None)
        serve(options, work if options.work else None)
    except GleaneryError as error:
        last_line("model_server", str(error))
        return 2
    return 0


def parse(arguments: Sequence[str] | None, *, can_work: bool = False) -> argparse.Namespace:
    """Read the command line; what it leaves out comes from the environment."""
    parser = argparse.ArgumentParser(prog="python -m model_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="0 = any free one (%(default)s)")
    parser.add_argument("--engine", help="NAME or NAME:MAIN_OPTION; default MODEL_ENGINE")
    parser.add_argument("--profile", help="trained head of that engine: NAME or NAME@VERSION")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME[:PORT]",
        help="name under which callers address this server, besides loopback; may be repeated",
    )
    parser.add_argument(
        "--token",
        help="bearer token callers must show; GLEANERY_MODEL_SERVER_TOKEN hides it from ps",
    )
    parser.add_argument(
        "--drain-seconds",
        type=int,
        default=20,
        metavar="N",
        help="longest wait for calls under way when SIGTERM comes (%(default)s)",
    )
    parser.set_defaults(work=False)
    if can_work:
        parser.add_argument(
            "--work", action="store_true", help="do what crawls have queued, too: gleanery work"
        )
    return parser.parse_args(arguments)


def serve(options: argparse.Namespace, beside: Beside | None = None) -> None:
    """Listen, load the engine, and answer until told to stop.

    Args:
        options: Of the command line.
        beside: What goes on beside it.

    Raises:
        GleaneryError: Something in the configuration is wrong.
    """
    config = load_config()
    start_logs(config)
    start_tracing("gleanery-models", config)  # the MCP SDK makes the spans
    token = options.token or reveal(config.model_server_token)
    check_exposure(options.host, token)
    engines = make_engines(
        options.engine or config.model_engine,
        config.home,
        engines_file=config.model_engines_file,
        tools=config.tool_engines,
        **({"profile": options.profile} if options.profile else {}),
    )
    media = open_media(config.media_place, max_bytes=config.media_max_bytes)
    taxonomy = load_taxonomy()
    app = build_app(engines, taxonomy, media=media, hosts=options.allowed_host, token=token)
    inside = build_server(engines, taxonomy, media=media)
    settings = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_config=None,  # its lines go where ours go
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=options.drain_seconds,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn ends gracefully, then raises the signal again: by then it has done its work
        signal.signal(number, lambda *_: None)
    _AnnouncingServer(settings, engines, beside(config, inside) if beside else nullcontext()).run()
    _close(engines)


def _close(engines: EngineSet) -> None:
    """Let go of the engines; end the process if one does not come back from its model."""
    closing = threading.Thread(target=engines.close, daemon=True)
    closing.start()
    closing.join(CLOSE_SECONDS)
    if closing.is_alive():
        logger.warning("An engine is still computing; ending without it")
        logging.shutdown()
        os._exit(0)  # the interpreter would wait for the engine's thread


class _AnnouncingServer(uvicorn.Server):
    """Says on which port it listens, then loads the engines; health answers meanwhile."""

    def __init__(
        self,
        config: uvicorn.Config,
        engines: EngineSet,
        beside: AbstractAsyncContextManager[None],
    ) -> None:
        super().__init__(config)
        self._engines, self._beside = engines, beside

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await self._beside.__aenter__()  # first: what is wrong with it ends us while nobody waits
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            logger.info("Listening on http://%s:%d/mcp", host, port)
            for runner in self._engines.runners.values():
                _load(runner)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        # Both let what is under way end; neither waits for the other before it begins to.
        await asyncio.gather(
            super().shutdown(sockets),  # type: ignore[arg-type]
            self._beside.__aexit__(None, None, None),
        )


def _load(runner: EngineRunner, pause: float = RELOAD_SECONDS, told: str = "") -> None:
    """Begin to load an engine; go on trying.

    Args:
        runner: Of the engine.
        pause: Seconds before the next try, should this one fail.
        told: What the last try failed of.
    """
    with suppress(RuntimeError):  # closed meanwhile
        runner.start().add_done_callback(partial(_report, runner, pause, told))


def _report(runner: EngineRunner, pause: float, told: str, loading: Future[Engine]) -> None:
    if loading.cancelled():
        return
    if (error := loading.exception()) is None:
        logger.info("Engine %s %s is ready", runner.name, runner.version)
        return
    if str(error) != told:
        logger.error("Does not start: %s", error)
    longer = min(2 * pause, MOST_RELOAD_SECONDS)
    again = threading.Timer(pause, _load, [runner, longer, str(error)])
    again.daemon = True
    again.start()


if __name__ == "__main__":
    sys.exit(main())

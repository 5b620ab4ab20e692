"""Run one worker in this process: until a signal stops it, or beside a model server."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mcp.server.mcpserver import MCPServer

    from gleanery.config import Config
    from model_server.client import ModelClient
    from pipelines.work.metrics import WorkMetrics
    from pipelines.work.pulse import Pulse
    from pipelines.work.worker import Worker, WorkResult

logger = logging.getLogger(__name__)


def run_worker(config: Config, *, once: bool, jobs: int) -> WorkResult:
    """Work; the first SIGINT or SIGTERM ends it after the steps under way, the second at once.

    Raises:
        GleaneryError: A setting is wrong, or the store is away.
    """
    from gleanery.logs import start_logs
    from gleanery.tracing import start_tracing
    from pipelines.classify import client_from_config

    start_logs(config, level="WARNING" if sys.stderr.isatty() else "")  # bars and lines do not mix
    start_tracing("gleanery-work", config)
    for chatty in ("httpx2", "httpcore2", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with _opened_worker(config, client_from_config(config), jobs=jobs) as worker:
        return asyncio.run(_until_stopped(worker, once=once))


@asynccontextmanager
async def working(config: Config, server: MCPServer) -> AsyncIterator[None]:
    """Work beside a model server, with its engines, until it stops.

    Raises:
        GleaneryError: A setting is wrong, or the store is away.
    """
    from model_server.client import ModelClient

    client = ModelClient(
        server,
        timeout=config.model_timeout_seconds,
        batch_size=config.model_batch_size,
        patience=config.model_patience_seconds,
    )
    with _opened_worker(config, client, terminal=False) as worker:
        work = asyncio.create_task(worker.run(), name="work")
        work.add_done_callback(_tell_end)
        try:
            yield
        finally:
            worker.stop()
            await asyncio.wait([work])


@contextmanager
def _opened_worker(
    config: Config, client: ModelClient, *, jobs: int = 0, terminal: bool | None = None
) -> Iterator[Worker]:
    from commands.work_progress import WorkProgress
    from media.store import open_media
    from pipelines.work.enqueue import queue_of
    from pipelines.work.metrics import WorkMetrics
    from pipelines.work.tools import Tools
    from pipelines.work.worker import Worker
    from storage import configured_store

    with (
        configured_store(config.scrapy_settings().get) as store,
        WorkProgress(terminal=terminal) as watch,
    ):
        media = open_media(config.media_place, max_bytes=config.media_max_bytes)
        tools = Tools(config=config, store=store, media=media, client=client)
        metrics = WorkMetrics(watch)
        worker = Worker(tools, queue_of(config), jobs=jobs, watch=metrics)
        with _telling(config, metrics, worker.pulse):
            yield worker


@contextmanager
def _telling(config: Config, metrics: WorkMetrics, pulse: Pulse) -> Iterator[None]:
    from monitoring.app import Health
    from monitoring.serving import telling

    if not config.work_metrics_port:
        yield
        return
    token = config.metrics_token.get_secret_value()
    host, port = config.metrics_host, config.work_metrics_port
    health = Health(alive=pulse.is_alive, ready=pulse.is_ready)
    with telling(metrics.registry, host=host, port=port, token=token, health=health):
        yield


def _tell_end(work: asyncio.Task[WorkResult]) -> None:
    if work.cancelled() or (error := work.exception()) is None:
        logger.info("Work has ended")
    else:  # the models are of use to others all the same
        logger.error("Work has ended, the models go on: %s", error)


async def _until_stopped(worker: Worker, *, once: bool) -> WorkResult:
    loop, work = asyncio.get_running_loop(), asyncio.ensure_future(worker.run(once=once))
    signals: list[int] = []

    def stop(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            worker.stop()
        else:
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        return worker.result

"""Run one worker in this process until a signal stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gleanery.config import Config
    from pipelines.work.worker import Worker, WorkResult


def run_worker(config: Config, *, once: bool, jobs: int) -> WorkResult:
    """Work; the first SIGINT or SIGTERM ends it after the steps under way, the second at once.

    Raises:
        GleaneryError: A setting is wrong, or the store is away.
    """
    from commands.work_progress import WorkProgress
    from gleanery.logs import hide_secrets
    from media.store import open_media
    from pipelines.classify import client_from_config
    from pipelines.work.enqueue import queue_of
    from pipelines.work.tools import Tools
    from pipelines.work.worker import Worker
    from storage import configured_store

    hide_secrets(config)
    level = "WARNING" if sys.stderr.isatty() else config.log_level  # bars and lines do not mix
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("httpx2", "httpcore2", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with configured_store(config.scrapy_settings().get) as store, WorkProgress() as watch:
        tools = Tools(
            config=config,
            store=store,
            media=open_media(config.media_place, max_bytes=config.media_max_bytes),
            client=client_from_config(config),
        )
        worker = Worker(tools, queue_of(config), jobs=jobs, watch=watch)
        return asyncio.run(_until_stopped(worker, once=once))


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

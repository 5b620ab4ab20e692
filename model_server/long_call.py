"""One call that takes minutes: its progress winds the clock, and whoever asked may call it off."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from mcp.client import Client

from model_server.asking import ask
from model_server.batching import LongJob


async def ask_long(client: Client, job: LongJob, clock: asyncio.Timeout) -> Any:
    """Call the tool once; return its structured content, or ``None`` if nobody waits any more.

    Args:
        client: An open one.
        job: What to ask. Cancelling its answer ends the call, and the work behind it.
        clock: Set back to its full time whenever the tool says how far it is.

    Raises:
        ModelBusyError: The server asks us to come back later.
        ModelToolError: The tool refused.
        MCPError: The transport failed.
    """
    loop = asyncio.get_running_loop()
    silence = (clock.when() or loop.time()) - loop.time()

    async def told(progress: float, total: float | None, message: str | None) -> None:
        with suppress(RuntimeError):  # the time was up a moment ago
            clock.reschedule(loop.time() + silence)
        if job.progress:
            job.progress(progress, total, message)

    call = asyncio.ensure_future(ask(client, job.tool, job.arguments, progress=told))
    job.answer.add_done_callback(lambda _: call.cancel())
    try:
        return await call
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if job.answer.cancelled() and not (task and task.cancelling()):
            return None
        raise

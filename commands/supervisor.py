"""Keeps services alive, puts their lines into one log, ends them all at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from typing import TYPE_CHECKING

from commands.output import printable, say, tell
from gleanery.logs import writes_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.serve_plan import Service

LONGEST_WAIT = 30.0
"""Seconds before a service that dies again and again is started once more."""
HEALTHY_SECONDS = 60.0
"""Life of a service after which its next death counts as the first."""
LINE = 2**20
"""Bytes of a line of a log, at most."""


def supervise(services: Sequence[Service], *, patience_seconds: float) -> None:
    """Run the services until Ctrl-C or SIGTERM.

    Args:
        services: In the order of starting; they are stopped the other way round.
        patience_seconds: For all to end in good order; then they are killed.
    """
    asyncio.run(_supervise(services, patience_seconds))


async def _supervise(services: Sequence[Service], patience_seconds: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    keepers = [_Keeper(service, max(len(s.name) for s in services)) for service in services]
    tasks = [asyncio.create_task(keeper.keep()) for keeper in keepers]
    await stop.wait()
    tell("serve", "Stopping (멈춥니다)")
    deadline = time.monotonic() + patience_seconds
    for keeper, task in reversed(list(zip(keepers, tasks, strict=True))):
        await keeper.end(max(1.0, deadline - time.monotonic()))
        await task


class _Keeper:
    """Starts one service again whenever it dies."""

    def __init__(self, service: Service, width: int) -> None:
        self.service = service
        self.prefix = service.name.ljust(width)
        self.process: asyncio.subprocess.Process | None = None
        self.ending = asyncio.Event()

    async def keep(self) -> None:
        wait = 1.0
        while not self.ending.is_set():
            began = time.monotonic()
            status = await self._run()
            if self.ending.is_set():
                return
            if time.monotonic() - began > HEALTHY_SECONDS:
                wait = 1.0
            self._say(f"died with status {status}; again in {wait:g} s (죽어서 다시 시작합니다)")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _run(self) -> int:
        self.process = process = await asyncio.create_subprocess_exec(
            *self.service.command,
            cwd=self.service.folder,
            env=self.service.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE,
            start_new_session=True,  # Ctrl-C comes to us alone; we end them in order
        )
        reader = asyncio.create_task(self._read(process))
        status = await process.wait()
        with contextlib.suppress(TimeoutError):  # a grandchild may hold the pipe open
            await asyncio.wait_for(reader, 2)
        return status

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LINE: its rest comes as a line of its own
                continue
            if not line:
                return
            self._say(line.decode(errors="replace").rstrip())

    async def end(self, patience_seconds: float) -> None:
        """Ask the service to end; kill it if it does not."""
        self.ending.set()
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), patience_seconds)
        except TimeoutError:
            self._say("does not end and is killed (강제로 끝냅니다)")
            self.process.kill()

    def _say(self, text: str) -> None:
        if writes_json():
            say(text if text.startswith('{"time"') else self._as_json(text))
        else:
            say(f"{self.prefix} | {printable(text)}")

    def _as_json(self, text: str) -> str:
        """Return a line of a program that knows no JSON, e.g. of Redis."""
        facts = {"name": self.service.name, "levelname": "INFO", "msg": text}
        return logging.makeLogRecord(facts).getMessage()

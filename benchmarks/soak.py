"""The model server under a mixed load for a long time: does its memory stay flat?

``python -m benchmarks.soak --minutes 10``; two minutes without the option. Callers classify, ask
for titles, go away in the middle, send what is refused, and meet "busy". Memory of server and
client is read each second; the last quarter is compared with the end of the first one, when
caches and pools are full.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.goals import Goal, show
from benchmarks.serving_load import memory
from gleanery.errors import ModelServerError
from model_server.client import ModelClient
from model_server.schema import Document
from tests.model_process import ModelServerProcess, stub_process

CALLERS = 48
OPTIONS = {"latency_seconds": 0.02, "max_waiting": 64}


class Soak:
    """Keeps the load up and remembers what it saw."""

    def __init__(self, server: ModelServerProcess, seconds: float) -> None:
        self.server, self.ends_at = server, time.monotonic() + seconds
        self.classified = self.wrong = self.failed = self.left = self.titles = 0
        self.server_memory: list[float] = []
        self.client_memory: list[float] = []

    async def run(self) -> None:
        """Load the server until the time is over."""
        clients = [ModelClient(self.server.url, timeout=30, batch_size=size) for size in (8, 32)]
        for client in clients:
            await client.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            for number in range(CALLERS):
                group.create_task(self._ask(clients[number % 2], random.Random(number)))
        for client in clients:
            await client.close()

    async def _ask(self, client: ModelClient, chance: random.Random) -> None:
        while time.monotonic() < self.ends_at:
            document = self._document(chance)
            try:
                if chance.random() < 0.02:
                    await client.title([document] * 8)
                    self.titles += 8
                    continue
                limit = 0.01 if chance.random() < 0.05 else 60  # some callers go away
                answer = await asyncio.wait_for(client.classify(document), limit)
            except TimeoutError:
                self.left += 1
            except ModelServerError:
                self.failed += 1
            else:
                self.classified += 1
                self.wrong += answer.id != document.id

    def _document(self, chance: random.Random) -> Document:
        blank = chance.random() < 0.005  # refused by the tool
        text = "" if blank else f"{chance.randrange(19)} {'본문 text ' * chance.randrange(400)}"
        return Document(id=str(chance.random()), text=text, title=" " if blank else "t")

    async def _watch(self) -> None:
        while time.monotonic() < self.ends_at:
            self.server_memory.append(memory(self.server.pid))
            self.client_memory.append(memory(os.getpid()))
            await asyncio.sleep(1)


def growth(samples: list[float]) -> float:
    """Return how much larger the last quarter is than the end of the first one, in MiB."""
    quarter = len(samples) // 4
    early = samples[quarter : max(quarter + len(samples) // 10, quarter + 1)]
    return median(samples[len(samples) * 3 // 4 :]) - median(early)


def main() -> None:
    """Measure and print."""
    arguments = sys.argv[1:]
    minutes = float(arguments[arguments.index("--minutes") + 1]) if "--minutes" in arguments else 2
    with tempfile.TemporaryDirectory() as folder:
        server = stub_process(Path(folder), **OPTIONS)
        server.start()
        soak = Soak(server, minutes * 60)
        asyncio.run(soak.run())
        status = server.stop()
    show(
        [
            Goal("minutes", minutes),
            Goal("documents classified", soak.classified),
            Goal("callers who went away", soak.left),
            Goal("documents refused or given up", soak.failed),
            Goal("documents with another's answer", soak.wrong, "<= 0"),
            Goal("memory of the server at the end, MiB", soak.server_memory[-1]),
            Goal("growth of the server's memory, MiB", growth(soak.server_memory), "<= 8"),
            Goal("growth of the client's memory, MiB", growth(soak.client_memory), "<= 8"),
            Goal("exit status of the server", status, "<= 0"),
        ]
    )


if __name__ == "__main__":
    main()

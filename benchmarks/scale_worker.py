"""One worker of ``benchmarks.scale``: the frontier's own exchange, and downloads that only wait.

Prints a JSON line when it has joined, waits for a line on stdin, works for the time it is told,
and prints what it did.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from scrapy.settings import Settings

from crawlers.frontier.exchanger import Exchanger
from crawlers.frontier.protocol import Budget, Push, Rules
from crawlers.frontier.queue import RedisQueue
from crawlers.frontier.shares import HostShares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlers.frontier.protocol import Answer, Lease, Outbox

CRAWL = "scale"
HOSTS = 64
LINKS = 20
"""Of each page, half to pages that the crawl knows."""


def push(number: int, depth: int) -> Push:
    """Return the page ``number`` as a spider's request would be queued."""
    host = f"host{number % HOSTS}.example"
    body = json.dumps(
        {
            "v": 1,
            "url": f"https://{host}/category/article-{number}.html",
            "callback": "parse",
            "meta": {"depth": depth},
        }
    )
    fingerprint = (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big")
    return Push(fingerprint=fingerprint, depth=depth, host=host, body=body.encode())


class Timed(RedisQueue):
    """Notes how long each exchange takes, in ms."""

    times: list[float]

    async def exchange(
        self,
        outbox: Outbox | None = None,
        *,
        want: int = 0,
        want_now: int = 0,
        rooms: Mapping[str, int] | None = None,
    ) -> Answer:
        began = time.perf_counter()
        answer = await super().exchange(outbox, want=want, want_now=want_now, rooms=rooms)
        self.times.append((time.perf_counter() - began) * 1000)
        return answer


class Stats:
    """The one stat that an exchanger counts."""

    def inc_value(self, name: str, count: int = 1) -> None:
        """Do nothing: exchanges are timed one by one."""


class Worker:
    """Keeps so many downloads under way as Scrapy would."""

    def __init__(self, socket: str, name: str, settings: Settings, page_seconds: float) -> None:
        self.bound = settings.getint("CONCURRENT_REQUESTS")
        self.page_seconds, self.random = page_seconds, random.Random(name)
        self.shares = HostShares(settings)
        self.queue = Timed(
            Redis(unix_socket_path=socket), CRAWL, name, Rules(share=self.shares.share)
        )
        self.queue.times = []
        self.hosts: Counter[str] = Counter()
        self.under_way: dict[str, asyncio.Task[None]] = {}
        self.look = asyncio.Event()
        self.number = (int(name) + 1) * 10**9
        """Of the next page nobody else finds."""
        self.exchanger = Exchanger(
            self.queue,
            Stats(),  # type: ignore[arg-type]
            shares=self.shares,
            idle_seconds=1e9,
            budget=Budget(),
            capacity=self._capacity,
            held=lambda: self.under_way,
            on_change=self.look.set,
            on_speed=lambda speed: None,
            on_end=lambda reason: None,
        )

    def _capacity(self) -> int:
        return self.bound - len(self.under_way) - self.exchanger.unacknowledged()

    async def work(self, seconds: float) -> None:
        """Work for ``seconds``; what is under way then is given back."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._start()
            self.look.clear()
            try:
                await asyncio.wait_for(self.look.wait(), 0.1)
            except TimeoutError:
                continue

    def _start(self) -> None:
        while self._capacity() > 0 and (lease := self.exchanger.take()):
            self.shares.start(lease.host)
            self.under_way[lease.id] = asyncio.create_task(self._fetch(lease))

    async def _fetch(self, lease: Lease) -> None:
        await asyncio.sleep(self.random.expovariate(1 / self.page_seconds))
        self.shares.answer(lease.host)
        self.shares.end(lease.host)
        del self.under_way[lease.id]
        self.hosts[lease.host] += 1
        for n in range(LINKS):
            known = n % 2
            self.number += not known
            target = self.random.randrange(self.number % 10**9 + 1) if known else self.number
            self.exchanger.outbox.pushes.append(push(target, lease.depth + 1))
        self.exchanger.outbox.parents.add(lease.id)
        self.exchanger.outbox.ended.append((lease.id, "done"))
        self.exchanger.wake()
        self.look.set()


async def main(socket: str, name: str, seconds: float, page_seconds: float) -> None:
    """Join, wait for the word, work, tell."""
    settings = Settings({"CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 4})
    worker = Worker(socket, name, settings, page_seconds)
    await worker.queue.open()
    print("joined", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await worker.exchanger.open()
    cpu = time.process_time()
    await worker.work(seconds)
    cpu = time.process_time() - cpu
    told = {"hosts": worker.hosts, "times": worker.queue.times, "cpu": cpu}
    for task in worker.under_way.values():
        task.cancel()
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))

"""The model server under load, with a trivial engine: what batching, queue and protocol cost.

A crawl of the real pipeline over HTTP, as fast as it goes and with the server killed on the way;
then callers who send four times what the engine can do. The engine of that second part sleeps
``BATCH_SECONDS`` over at most ``BATCH`` documents, so its capacity does not depend on this machine.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.goals import Goal, show
from benchmarks.serving_load import Load, burst, memory, overload, percentile
from items.taxonomy import load_taxonomy
from tests.model_process import ModelServerProcess, stub_process

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS, KILLS, ROUNDS = 20_000, 6, 4
BATCH, BATCH_SECONDS, SECONDS = 16, 0.25, 15
TOKENS = 68  # of a document of the overload, as the engine counts
CAPACITY = BATCH / BATCH_SECONDS
CALL = 8
"""Documents in one call of the overload."""


@contextmanager
def server(**options: object) -> Iterator[ModelServerProcess]:
    """Run a server with the trivial engine."""
    with tempfile.TemporaryDirectory() as folder:
        process = stub_process(Path(folder), **options)
        process.start()
        yield process
        process.stop()


def crawls() -> list[Goal]:
    """Crawl fast, then with kills."""
    keys = list(load_taxonomy().keys)
    with server() as process:
        fast = [burst(process, ITEMS // 2, categories=keys) for _ in range(ROUNDS)]
        hard = burst(process, ITEMS, categories=keys, kills=KILLS)
    speed = max(b.per_second for b in fast)  # other programs on this machine only slow it down
    return [
        Goal("crawl, classify over HTTP: documents/s", speed, ">= 1000"),
        Goal(f"server killed, times over {ITEMS} documents", hard.kills, ">= 5"),
        Goal("documents lost over the kills", hard.lost, "<= 0"),
        Goal("documents doubled over the kills", hard.doubled, "<= 0"),
        Goal("documents with another's answer", hard.wrong, "<= 0"),
    ]


def overloads() -> list[Goal]:
    """Send four times the capacity, to a bounded queue and, for the record, to an endless one."""
    options = {"latency_seconds": BATCH_SECONDS, "max_batch_tokens": BATCH * TOKENS + BATCH}
    with server(**options, max_waiting=4 * BATCH) as process:
        run(process)  # warm
        before = memory(process.pid)
        bounded = run(process)
        growth = memory(process.pid) - before
    with server(**options, max_waiting=10**9, max_wait_seconds=10**9) as process:
        endless = run(process)
    full_queue = (4 * BATCH + BATCH) / CAPACITY + BATCH_SECONDS
    slowest, lag = p99(bounded.answered), p99(bounded.health)
    goodput = len(bounded.answered) * CALL / bounded.seconds / CAPACITY
    return [
        Goal("4x overload: p99 of answers / full queue's time", slowest / full_queue, "<= 1.5"),
        Goal("4x overload: p99 of answers, seconds", slowest),
        Goal("  the same without a bound, seconds", p99(endless.answered)),
        Goal("4x overload: share refused as busy", share_refused(bounded), ">= 0.5"),
        Goal("4x overload: p99 until busy, seconds", p99(bounded.refused), "<= 0.5"),
        Goal("4x overload: documents/s / capacity", goodput, ">= 0.85"),
        Goal("4x overload: memory growth, MiB", growth, "<= 10"),
        Goal("event loop: p99 of /healthz / time of a batch", lag / BATCH_SECONDS, "<= 0.5"),
    ]


def run(process: ModelServerProcess) -> Load:
    """Send four times the capacity for ``SECONDS``."""
    pace = 4 * CAPACITY / CALL
    return asyncio.run(
        overload(process.url, calls_per_second=pace, calls=int(pace * SECONDS), documents=CALL)
    )


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return percentile(values, 0.99)


def share_refused(load: Load) -> float:
    """Return the share of calls that were answered "busy", in [0, 1]."""
    return len(load.refused) / (len(load.refused) + len(load.answered))


if __name__ == "__main__":
    show(crawls() + overloads())

"""What the frontier's benchmarks run: servers, crawls in processes of their own, and settings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleanery.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

SCALE = 10 if "--quick" in sys.argv else 1
ROUNDS = 3
ALONE = {
    k: v for k, v in Config().scrapy_settings().items() if k.startswith(("FRONTIER", "REDIS"))
} | {"SCHEDULER": "crawlers.frontier.scheduler.FrontierScheduler", "FRONTIER_CRAWL": "bench"}
"""The scheduler and nothing else."""
OURS = ALONE | {
    "REQUEST_FINGERPRINTER_CLASS": "crawlers.frontier.fingerprints.Fingerprinter",
    "SPIDER_MIDDLEWARES": {"crawlers.frontier.known_links.KnownLinksMiddleware": 990},
}
"""The frontier as ``crawlers.settings`` has it."""
SCRAPY_REDIS = {
    "SCHEDULER": "scrapy_redis.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
}
PLAIN: dict[str, Any] = {
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
}
ROOT = Path(__file__).parents[1]


@contextmanager
def helper(*args: str) -> Iterator[int]:
    """Run ``benchmarks.frontier_site`` and yield its port."""
    command = [sys.executable, "-m", "benchmarks.frontier_site", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.terminate()


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own and yield its socket."""
    program = shutil.which("redis-server") or sys.exit("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        command = [program, "--port", "0", "--unixsocket", socket, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while not Path(socket).exists():
                time.sleep(0.01)
            yield socket
            process.terminate()


def start(url: str, settings: dict[str, Any]) -> subprocess.Popen[str]:
    """Start one crawl."""
    command = [sys.executable, "-m", "benchmarks.frontier_crawler", url, json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def crawl(redis: Redis, url: str, settings: dict[str, Any], pages: int) -> dict[str, Any]:
    """Run one crawl on an empty Redis; return what it printed."""
    redis.flushall()
    out, _ = start(url, settings).communicate(timeout=900)
    row: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert row["pages"] == pages, row
    return row

"""Loads on a model server, measured from outside: a crawl, too many callers, its health."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from prometheus_client.parser import text_string_to_metric_families

from model_server.busy import retry_after
from model_server.connection import PROTOCOL
from tests.crawl import start_crawl

if TYPE_CHECKING:
    from tests.model_process import ModelServerProcess

PIPELINES = {"pipelines.classify.ClassifyPipeline": 400}


def sample(url: str, name: str) -> float:
    """Return the sum of a metric's samples."""
    text = httpx2.get(url.replace("/mcp", "/metrics"), timeout=30).raise_for_status().text
    return sum(
        s.value for f in text_string_to_metric_families(text) for s in f.samples if s.name == name
    )


@dataclass(slots=True)
class Burst:
    """What became of the articles of one crawl."""

    per_second: float
    lost: int
    """Not in the feed, or there without a category."""
    doubled: int
    wrong: int
    """With another article's category."""
    kills: int


def burst(
    server: ModelServerProcess, items: int, *, kills: int = 0, categories: list[str]
) -> Burst:
    """Crawl one page that yields ``items`` articles; kill the server on the way, at even steps."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = {
            "SPIDER_MODULES": "tests.spiders",
            "ITEM_PIPELINES": json.dumps(PIPELINES),
            "CLASSIFY_ENABLED": True,
            "MODEL_SERVER_URL": server.url,
            "MODEL_PATIENCE_SECONDS": 120,
            "FEED_EXPORT_FIELDS": "external_id,category",  # the feed is no part of what we time
            "LOG_LEVEL": "WARNING",
        }
        page = server.url.replace("/mcp", "/healthz")
        crawl = start_crawl("burst", home, settings=settings, page=page, items=items)
        feed = home / "out.jsonl"
        for kill in range(1, kills + 1):
            while _lines(feed) < items * kill // (kills + 1):
                assert crawl.poll() is None, (home / "crawl.log").read_text("utf-8")[-3000:]
                time.sleep(0.05)
            server.stop(signal.SIGKILL)
            server.start()
        assert crawl.wait(600) == 0, (home / "crawl.log").read_text("utf-8")[-3000:]
        rows = [json.loads(line) for line in feed.read_text("utf-8").splitlines()]
        (report,) = [json.loads(p.read_text("utf-8")) for p in (home / "jobs").glob("*.json")]
    counts = Counter(int(row["external_id"]) for row in rows)
    labels = {int(row["external_id"]): row["category"] for row in rows if row["category"]}
    return Burst(
        per_second=items / report["stats"]["elapsed_time_seconds"],
        lost=items - len(labels),
        doubled=sum(n - 1 for n in counts.values()),
        wrong=sum(label != categories[n % 19] for n, label in labels.items()),
        kills=kills,
    )


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@dataclass(slots=True)
class Load:
    """What callers saw who do not wait for one another."""

    answered: list[float] = field(default_factory=list)
    """Seconds of each call that was answered."""
    refused: list[float] = field(default_factory=list)
    """Seconds until each "busy"."""
    health: list[float] = field(default_factory=list)
    """Seconds of each ``GET /healthz`` meanwhile."""
    seconds: float = 0.0
    """From the first call to the last answer."""


async def overload(url: str, *, calls_per_second: float, calls: int, documents: int) -> Load:
    """Send calls at an even pace, whatever becomes of those before; watch the health meanwhile."""
    load = Load()
    rows = {"documents": [{"text": f"{n % 19} {'x' * 200}"} for n in range(documents)]}
    done = asyncio.Event()
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=1000)
    async with (
        httpx2.AsyncClient(timeout=300, limits=limits) as http,
        Client(streamable_http_client(url, http_client=http), mode=PROTOCOL) as client,
    ):
        await client.call_tool("classify_batch", rows)

        async def one() -> None:
            began = time.perf_counter()
            answer = await client.call_tool("classify_batch", rows)
            seconds = time.perf_counter() - began
            (load.refused if retry_after(answer) is not None else load.answered).append(seconds)

        began = time.perf_counter()
        watching = asyncio.create_task(asyncio.to_thread(_watch, url, done, load.health))
        async with asyncio.TaskGroup() as group:
            for number in range(calls):
                group.create_task(one())
                await asyncio.sleep(
                    max(0, began + (number + 1) / calls_per_second - time.perf_counter())
                )
        load.seconds = time.perf_counter() - began
        done.set()
        await watching
    return load


def _watch(url: str, done: asyncio.Event, health: list[float]) -> None:
    with httpx2.Client(timeout=60) as http:
        while not done.is_set():
            began = time.perf_counter()
            http.get(url.replace("/mcp", "/healthz")).raise_for_status()
            health.append(time.perf_counter() - began)
            threading.Event().wait(0.05)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def memory(pid: int) -> float:
    """Return the resident memory of a process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

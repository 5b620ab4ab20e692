"""Run a spider for real, as an operator would: ``scrapy crawl`` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapy import version_info

from storage import Store, open_store

ROOT = Path(__file__).parents[1]
_logs: list[Path] = []


@dataclass
class CrawlResult:
    """What one crawl left behind."""

    returncode: int
    log: str
    items: list[dict[str, Any]]
    """Rows of the feed (``-O``), in the order they were scraped."""
    report: dict[str, Any]
    """The job report: ``reason``, ``arguments``, ``stats``; empty if the spider never opened."""
    home: Path

    @property
    def stats(self) -> dict[str, Any]:
        return self.report.get("stats", {})

    def store(self) -> Store:
        """The store, to be used as a context manager."""
        return open_store("sqlite", self.home / "gleanery.db")

    def identities(self, kind: str) -> set[str]:
        return {row["identity"] for row in self.items if row["kind"] == kind}


def start_crawl(
    spider: str,
    home: Path,
    *,
    settings: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    **arguments: Any,
) -> subprocess.Popen[str]:
    """Start ``scrapy crawl SPIDER -a … -s … -O …`` with all state and the log in ``home``.

    Fast for tests: no AutoThrottle, loopback open, no model (``CLASSIFY_ENABLED=False``) unless
    ``settings`` or ``env`` say otherwise.
    """
    home.mkdir(parents=True, exist_ok=True)
    defaults = {"AUTOTHROTTLE_ENABLED": False, "RETRY_TIMES": 1, "CLASSIFY_ENABLED": False}
    command = [sys.executable, "-m", "scrapy", "crawl", spider, "-O", str(home / "out.jsonl")]
    for name, value in arguments.items():
        command += ["-a", f"{name}={value}"]
    for name, value in (defaults | (settings or {})).items():
        command += ["-s", f"{name}={value}"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GLEANERY_")}
    ours = {"GLEANERY_HOME": str(home), "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.0/8"}
    _logs.append(home / "crawl.log")
    with (home / "crawl.log").open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env=clean | ours | (env or {}), stdout=log, stderr=log, text=True
        )


def deprecated_calls() -> list[str]:
    """Lines of the crawls since the last call in which Scrapy says that our code uses old ways.

    Scrapy 2.16 has deprecated what 2.19 has not: there is nothing to be learnt from it.
    """
    lines = [
        line
        for path in _logs
        if path.exists()
        for line in path.read_text("utf-8", "replace").splitlines()
        if "ScrapyDeprecationWarning" in line
        and version_info >= (2, 19)
        and f"{ROOT}/" in line
        and "site-packages" not in line
    ]
    _logs.clear()
    return lines


def scrapy_crawl(spider: str, home: Path, *, timeout: float = 300, **more: Any) -> CrawlResult:
    """Do :func:`start_crawl`, wait for its end, and gather what it left behind."""
    with start_crawl(spider, home, **more) as process:
        try:
            process.wait(timeout)
        finally:
            process.kill()
    feed = home / "out.jsonl"
    reports = sorted((home / "jobs").glob("*.json"), key=lambda path: path.stat().st_mtime)
    # a title may hold what else ends a line for some reader
    lines = feed.read_text("utf-8").split("\n") if feed.exists() else []
    return CrawlResult(
        returncode=process.returncode,
        log=(home / "crawl.log").read_text("utf-8"),
        items=[json.loads(line) for line in lines if line],
        report=json.loads(reports[-1].read_text("utf-8")) if reports else {},
        home=home,
    )

"""How model servers are: asked from outside, by ``/readyz`` and ``/metrics``."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 2.0
"""Longest wait for one answer."""
LARGEST = 2**20
"""Bytes of an answer that is read."""
SAMPLES = {
    "gleanery_model_documents_total": "documents",
    "gleanery_model_batch_seconds_sum": "seconds",
    "gleanery_model_batch_failures_total": "failures",
}


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one engine has done in one way, since its server was started."""

    documents: float = 0.0
    seconds: float = 0.0
    """Time of the engine alone."""
    failures: float = 0.0
    """Batches it failed over."""

    @property
    def documents_per_second(self) -> float | None:
        """While it computed; ``None`` before its first batch."""
        return round(self.documents / self.seconds, 1) if self.seconds else None


@dataclass(slots=True, kw_only=True)
class ServerStatus:
    """One server, as it answered now."""

    server: str
    """Host and port."""
    ready: bool = False
    error: str = ""
    """Why there was no answer."""
    engines: list[dict[str, Any]] = field(default_factory=list)
    """``name``, ``ready``, ``version``, ``error`` of each."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Documents that wait, by engine."""
    figures: dict[str, dict[str, Figures]] = field(default_factory=dict)
    """By engine and capability."""


def look(urls: Sequence[str]) -> list[ServerStatus]:
    """Ask servers at their MCP addresses, all at once; blocks ``SECONDS`` or so at most."""
    if not urls:
        return []
    with ThreadPoolExecutor(min(8, len(urls))) as threads:
        return list(threads.map(_look, urls))


def _look(url: str) -> ServerStatus:
    parts = urlsplit(url)
    status = ServerStatus(server=parts.netloc.rpartition("@")[2])
    base = f"{parts.scheme}://{parts.netloc}"
    try:
        with httpx2.Client(timeout=SECONDS, follow_redirects=False) as client:
            answer = client.get(f"{base}/readyz")
            told = answer.json()
            status.ready, status.engines = bool(told["ready"]), list(told["engines"])
            _count(client.get(f"{base}/metrics").text[:LARGEST], status)
    except httpx2.HTTPError as error:
        status.error = str(error) or type(error).__name__
    except (KeyError, TypeError, ValueError):
        status.error = "its answer is none of a model server's (모델 서버의 응답이 아닙니다)"
    return status


def _count(text: str, status: ServerStatus) -> None:
    figures: dict[str, dict[str, Figures]] = defaultdict(lambda: defaultdict(Figures))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = sample.labels
            if name := SAMPLES.get(sample.name):
                setattr(figures[labels["engine"]][labels["capability"]], name, sample.value)
            elif sample.name == "gleanery_model_queue_documents":
                status.waiting[labels["engine"]] = int(sample.value)
    status.figures = {engine: dict(kinds) for engine, kinds in figures.items()}

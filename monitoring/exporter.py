"""All sources as one collector of prometheus_client; names are listed in docs/metrics.md."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from gleanery.registry import load_folder
from monitoring.reading import Reading
from monitoring.source import TIMEOUT_SECONDS, Source, gauge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client import Metric

    from gleanery.config import Config

ANSWER_SECONDS = TIMEOUT_SECONDS + 1
"""Time after which a scrape goes on without the sources that have not answered."""


class Exporter(Collector):
    """Asks every source at once, and leaves out whichever is away."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.readings = [Reading(source) for source in sources]

    def collect(self) -> Iterable[Metric]:
        """Yield what there is; never fails."""
        deadline = time.monotonic() + ANSWER_SECONDS
        for reading in self.readings:
            reading.begin()
        for reading in self.readings:
            reading.wait(deadline - time.monotonic())
        answers = {reading.source.name: reading.answer for reading in self.readings}
        yield gauge(
            "gleanery_up",
            "1 if the source answers, 0 if it is away: its other metrics are missing then",
            {(name,): float(answer is not None) for name, answer in answers.items()},
            ["source"],
        )
        yield gauge(
            "gleanery_source_seconds",
            "Time that the last reading of the source took",
            {(name,): answer.seconds for name, answer in answers.items() if answer},
            ["source"],
        )
        for answer in answers.values():
            yield from answer.metrics if answer else ()


def exporter_registry(config: Config) -> CollectorRegistry:
    """Return the registry of ``gleanery serve-metrics``; nothing is read yet."""
    found = load_folder("monitoring.sources", Source)
    sources = [cls(config) for _, cls in sorted(found.items()) if cls.is_wanted(config)]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Exporter(sources))
    return registry

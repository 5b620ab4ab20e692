"""One place that the exporter reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prometheus_client import Metric

    from gleanery.config import Config

K = TypeVar("K", bound=tuple[str, ...])
TIMEOUT_SECONDS = 4.0
"""Longest wait of a source for a server; the exporter waits a second longer."""


class Source(ABC):
    """Found by folder: a file in ``monitoring/sources/`` is all that a new one needs."""

    name: ClassVar[str]
    """Label ``source`` of ``gleanery_up``."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @property
    def every_seconds(self) -> float:
        """Shortest time between two readings, however often somebody scrapes."""
        return 5.0

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        """Whether there is anything to read with this configuration."""
        del config
        return True

    @abstractmethod
    def read(self) -> list[Metric]:
        """Read everything; one thread at a time calls it.

        Raises:
            Exception: Whatever happens: the source counts as away.
        """


def gauge(name: str, text: str, values: Mapping[K, float], labels: Sequence[str] = ()) -> Metric:
    """Return a family of gauges by the values of their labels."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def counter(name: str, text: str, values: Mapping[K, float], labels: Sequence[str] = ()) -> Metric:
    """Return a family of counters; ``name`` has no ``_total``, which is added."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family

"""Redis: whether it answers, and how much of its memory is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from crawlers.frontier.opened import connected
from monitoring.source import Source, gauge

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config


class RedisSource(Source):
    """One server, or the sum over the nodes of a cluster."""

    name: ClassVar[str] = "redis"

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return bool(config.redis_url)

    def read(self) -> list[Metric]:
        with connected(self.config.redis_url) as client:
            infos = _by_node(client.info("memory"))
        used = float(sum(info["used_memory"] for info in infos))
        most = float(sum(info.get("maxmemory", 0) for info in infos))
        text = "Memory that Redis may use; 0 = what the machine has"
        return [
            gauge("gleanery_redis_memory_bytes", "Memory that Redis uses", {(): used}),
            gauge("gleanery_redis_max_memory_bytes", text, {(): most}),
        ]


def _by_node(info: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one part for each node: a cluster's client answers by node."""
    return [info] if "used_memory" in info else [*info.values()]

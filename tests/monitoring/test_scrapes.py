"""The operator's monitors and the plain configuration scrape the same, in the same way."""

from __future__ import annotations

from typing import Any

import yaml

from k8s.lint.world import World, matches
from tests.cli import ROOT
from tests.monitoring.scraping import COMPONENT


def documents(*places: str) -> list[Any]:
    """Objects of files below ``k8s``."""
    return [
        each
        for place in places
        for each in yaml.safe_load_all((ROOT / "k8s" / place).read_text(encoding="utf-8"))
    ]


def monitored() -> dict[str, tuple[str, str, str | None]]:
    """Job → target, interval, and how it is asked to show who it is."""
    files = [f"base/{n}.yaml" for n in ("admin", "client", "crawl", "model", "worker")]
    world = World(documents(*files, "components/monitoring/exporter.yaml"))
    found = {}
    for monitor in documents("components/monitoring/monitors.yaml"):
        spec = monitor["spec"]
        (end,) = spec.get("endpoints") or spec["podMetricsEndpoints"]
        (pod,) = (p for p in world.pods if matches(spec["selector"], p.labels))
        (job,) = (r["replacement"] for r in end["relabelings"] if r["targetLabel"] == "job")
        way = next((w for w in ("authorization", "basicAuth") if w in end), None)
        target = f"{pod.owner['metadata']['name']}:{pod.port(end['port'])}"
        assert end["path"] == "/metrics"
        found[job] = target, end["interval"], way
    return found


def test_monitors_and_prometheus_yml_are_the_same():
    plain = yaml.safe_load((COMPONENT / "prometheus.yml").read_text(encoding="utf-8"))
    usual = plain["global"]["scrape_interval"]
    names = {"authorization": "authorization", "basic_auth": "basicAuth"}
    ways = {
        each["job_name"]: (
            each["static_configs"][0]["targets"][0],
            each.get("scrape_interval", usual),
            next((ours for name, ours in names.items() if name in each), None),
        )
        for each in plain["scrape_configs"]
    }

    assert monitored() == ways
    assert len(ways) == 6

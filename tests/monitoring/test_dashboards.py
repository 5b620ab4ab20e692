"""Dashboards are those that are written; every expression is PromQL about metrics there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.monitoring.scraping import COMPONENT, documented, promtool
from tests.monitoring.test_rules import RULES

DASHBOARDS = sorted((COMPONENT / "dashboards").glob("*.json"))
SCALING = COMPONENT.parent / "keda" / "scaling.yaml"
OTHERS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
          "process_max_fds", "kubelet_volume_stats_available_bytes"}  # fmt: skip


def expressions() -> dict[str, str]:
    """Every expression of dashboards, alerts and KEDA's triggers, by where it stands."""
    found = {name: rule["expr"] for name, rule in RULES.items()}
    for scaled in yaml.safe_load_all(SCALING.read_text(encoding="utf-8")):
        for number, trigger in enumerate(scaled["spec"]["triggers"]):
            found[f"{scaled['metadata']['name']} {number}"] = trigger["metadata"]["query"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            place = panel["gridPos"]
            for target in panel.get("targets", []):
                where = f"{path.stem} {place['x']},{place['y']} {target['refId']}"
                found[where] = target["expr"]
    return found


def test_what_is_generated_is_what_is_committed():
    """Renew it with ``python -m monitoring.manifests``."""
    pytest.importorskip("grafana_foundation_sdk", reason="needs gleanery[dev]")
    from monitoring.manifests import written  # noqa: PLC0415

    files = written()
    differing = [path.name for path, text in files.items() if path.read_text("utf-8") != text]

    assert differing == []
    assert sorted(p for p in files if p.suffix == ".json") == DASHBOARDS


def test_the_operators_rules_are_the_plain_ones():
    rule = yaml.safe_load((COMPONENT / "prometheus-rules.yaml").read_text(encoding="utf-8"))

    assert {r["alert"]: r for g in rule["spec"]["groups"] for r in g["rules"]} == RULES


def test_every_expression_is_promql(tmp_path: Path):
    """promtool 2.42 checks files of rules only, so each becomes a recording rule."""
    rules = [
        {"record": f"check:number{number}", "expr": expr}
        for number, expr in enumerate(expressions().values())
    ]
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))

    said = promtool("check", "rules", str(file))

    assert f"{len(rules)} rules found" in said
    assert len(rules) > 100


def test_every_metric_in_an_expression_is_documented():
    known, unknown = documented(), {}
    for where, text in expressions().items():
        bare = re.sub(r'"[^"]*"', '""', text)
        names = {re.sub(r"_(bucket|sum|count)$", "", n) for n in re.findall(r"gleanery_\w+", bare)}
        others = any(name in bare for name in OTHERS) or re.search(r"\b(up|ALERTS)\{", bare)
        if names - known or not (names or others):
            unknown[where] = names - known

    assert unknown == {}


def test_panels_have_their_own_place_and_a_korean_name():
    for path in DASHBOARDS:
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        places = [tuple(p["gridPos"][k] for k in "xywh") for p in panels]
        assert len(set(places)) == len(places)
        assert all(x + w <= 24 for x, _, w, _ in places)
        assert all(re.search("[가-힣]|M", p["description"]) for p in panels if p["type"] != "row")

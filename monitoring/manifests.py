"""``python -m monitoring.manifests``: write what Grafana and the Prometheus operator read.

Dashboards are made of ``monitoring.dashboards``, the ``PrometheusRule`` of the plain files of
rules; all lie in ``k8s/components/monitoring``. A test fails where what is there differs.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from pkgutil import iter_modules

import yaml

from monitoring import dashboards
from monitoring.dashboards.board import Board

COMPONENT = Path(__file__).parents[1] / "k8s" / "components" / "monitoring"
_HEAD = "# Written by `python -m monitoring.manifests` out of rules/*.yaml; do not edit.\n"


def boards() -> list[Board]:
    """Return all dashboards, by the name of their file."""
    found = []
    for info in iter_modules(dashboards.__path__):
        module = importlib.import_module(f"{dashboards.__name__}.{info.name}")
        if isinstance(board := getattr(module, "BOARD", None), Board):
            found.append(board)
    return found


def prometheus_rule() -> str:
    """Return the alert rules as the operator reads them."""
    files = sorted((COMPONENT / "rules").glob("*.yaml"))
    groups = [g for f in files for g in yaml.safe_load(f.read_text(encoding="utf-8"))["groups"]]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "gleanery", "labels": {"app.kubernetes.io/name": "prometheus-rules"}},
        "spec": {"groups": groups},
    }
    return _HEAD + str(yaml.safe_dump(rule, sort_keys=False, allow_unicode=True, width=110))


def written() -> dict[Path, str]:
    """Return each file and what is to be in it."""
    from monitoring.dashboards.grafana import to_json  # noqa: PLC0415 - its library is for developers

    files = {COMPONENT / "dashboards" / f"{board.uid}.json": to_json(board) for board in boards()}
    return files | {COMPONENT / "prometheus-rules.yaml": prometheus_rule()}


def main() -> None:
    """Write the files."""
    for path, text in written().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

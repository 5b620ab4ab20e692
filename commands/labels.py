"""``gleanery labels``: what each model called items, and how often a person corrected it."""

from __future__ import annotations

from dataclasses import asdict

from commands.output import AsJson, print_json, print_table


def labels(as_json: AsJson = False) -> None:
    """Count labels by model, confirmed and corrected (모델별 분류와 정정)."""
    from commands.opened import opened_store
    from gleanery.config import load_config

    with opened_store(load_config()) as store:
        found = store.model_labels()
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = (
        (
            one.tool,
            one.engine,
            one.version,
            one.labels,
            None if one.mean_score is None else f"{one.mean_score:.2f}",
            one.confirmed,
            one.corrected,
        )
        for one in found
    )
    columns = ("tool", "engine", "version", "#labels", "#score", "#confirmed", "#corrected")
    print_table("Labels / 모델별 분류", columns, rows)

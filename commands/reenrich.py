"""``gleanery reenrich``: classify what was stored while the model server was away."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table


def reenrich(
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="Items to look at, at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Classify stored items that have no category yet (미분류 항목 다시 분류)."""
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.reenrich import reenrich as catch_up

    config = load_config()
    with opened_store(config) as store:
        waiting = store.stats(classified_kinds=config.classify_kinds).unclassified
    with counting_bar("reenrich") as progress:
        result = catch_up(config, limit=limit, progress=lambda r: progress(r.seen, waiting))
    counts = asdict(result)
    if as_json:
        print_json(counts)
    else:
        del counts["categories"], counts["message"]
        print_table("Classified again / 다시 분류", ("what", "#items"), counts.items())
    if result.message:
        sys.stderr.write(f"gleanery: {result.message}\n")
    if result.unavailable:
        raise typer.Exit(1)

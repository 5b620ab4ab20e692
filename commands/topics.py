"""``gleanery topics``: what is talked about now."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table

Days = Annotated[float, typer.Option(min=0.01, max=365, help="Length of the recent time.")]
Category = Annotated[str | None, typer.Option(help="Only items of this category.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="Topics at most.")]
Model = Annotated[bool, typer.Option(help="Ask the model server for vectors and titles.")]


def topics(
    *,
    days: Days = 2,
    category: Category = None,
    limit: Limit = 20,
    model: Model = True,
    as_json: AsJson = False,
) -> None:
    """Find hot topics among recent items (뜨거운 화제 찾기)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from items.clock import utc_now
    from pipelines.topics.run import find_topics

    config = load_config()
    with opened_store(config) as store:
        result = find_topics(
            config, store, utc_now(), days=days, category=category, limit=limit, model=model
        )
    if result.message:
        sys.stderr.write(f"gleanery: {result.message}\n")
    if as_json:
        print_json([topic.to_dict() for topic in result.topics])
        return
    rows = (
        (
            f"{t.heat:.1f}", f"{t.growth:.1f}×", t.recent, t.before,
            ", ".join(t.platforms), t.title, " ".join(t.keywords[:5]),
        )
        for t in result.topics
    )  # fmt: skip
    columns = ("#heat", "#growth", "#recent", "#before", "platforms", "title…", "keywords…")
    print_table(f"Hot topics of {result.texts} texts / 뜨거운 화제", columns, rows)

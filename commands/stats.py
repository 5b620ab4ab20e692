"""``gleanery stats``: what the store holds, counted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from commands.output import AsJson, console, print_json, print_table

if TYPE_CHECKING:
    from storage import StoreStats


def stats(as_json: AsJson = False) -> None:
    """Count what has been collected (수집 현황)."""
    from commands.db_replay import problems_of, spool_of
    from commands.opened import opened_store
    from gleanery.config import load_config

    config = load_config()
    with opened_store(config) as store:
        counted = store.stats(classified_kinds=config.classify_kinds)
    spool = spool_of(config)
    if as_json:
        print_json(asdict(counted) | {"waiting": asdict(spool.waiting())})
        return
    show_stats(counted)
    for line in problems_of(spool):
        console().print(line)


def show_stats(counted: StoreStats) -> None:
    """Print the counts as tables."""
    from items import load_taxonomy

    names = {c.key: f"{c.name_ko} · {c.name_en}" for c in load_taxonomy().categories}
    console().print(
        f"{counted.total} items / 항목 · {counted.unclassified} unclassified / 미분류"
        f" · {counted.needs_review} to review / 검토 필요"
    )
    print_table("Platforms / 플랫폼", ("platform", "#items"), counted.items.items())
    print_table("Kinds / 종류", ("kind", "#items"), counted.kinds.items())
    print_table("Depths / 깊이", ("#depth", "#items"), counted.depths.items())
    print_table(
        "Categories / 분류",
        ("category", "name / 이름", "#items"),
        ((key, names.get(key, ""), count) for key, count in counted.categories.items()),
    )

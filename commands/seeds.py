"""``gleanery seeds``: what each seed has brought lately, and what it gets."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table


def seeds(
    platform: Annotated[str | None, typer.Option(help="Only seeds of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """List seeds with yield and budget share (시드별 수확과 예산)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from items.clock import utc_now
    from storage.seed_yields import seed_policy, told

    config = load_config()
    policy = seed_policy(config.scrapy_settings().get)
    with opened_store(config) as store:
        found = told(store, utc_now(), policy, platform)
    if as_json:
        print_json(found)
        return
    rows = (
        (
            seed["key"],
            f"{seed['requests']:.0f}",
            f"{seed['good']:.1f}",
            f"{seed['share']:.0%}",
            seed["budget"],
            seed["rest_until"] if seed["resting"] else None,
            seed["why"],
        )
        for seed in found
    )
    columns = ("=seed", "#requests", "#good", "#share", "#budget", "rests until", "why…")
    print_table("Seeds / 시드", columns, rows)

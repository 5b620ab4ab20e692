"""``gleanery seeds``: what each seed has brought lately, what it gets, and who began with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from gleanery.config import Config


def seeds(
    platform: Annotated[str | None, typer.Option(help="Only seeds of this one.")] = None,
    begun: Annotated[
        bool, typer.Option("--begun", help="Which crawls began with which. / 수집이 시작한 시드.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --begun: so many, the newest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List seeds with yield and budget share, or as crawls began with them (시드별 수확과 예산)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from items.clock import utc_now
    from storage.seed_yields import seed_policy, told

    config = load_config()
    if begun:
        _show_begun(config, platform, limit, as_json=as_json)
        return
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


def _show_begun(config: Config, platform: str | None, limit: int, *, as_json: bool) -> None:
    from commands.opened import opened_store
    from storage.seeds_begun import seeds_begun

    with opened_store(config) as store:
        found = seeds_begun(store, platform=platform, limit=limit)
    if as_json:
        print_json(found)
        return
    names = ("label", "crawl", "job", "times", "first_at", "at")
    columns = ("=seed", "=crawl", "job", "#times", "first", "last")
    rows = (tuple(seed[name] for name in names) for seed in found)
    print_table("Seeds of crawls / 수집의 시드", columns, rows)

"""``gleanery revisit``: fetch stored items again, when it is their time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.settings import Settings

    from gleanery.config import Config
    from items.visit import Visit

Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="Items of each platform at most.")]
Platform = Annotated[str | None, typer.Option(help="Only items of this one: reddit, youtube, web.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what is due, fetch nothing.")]

Gone = Annotated[bool, typer.Option("--gone", help="List what is gone at its source, and end.")]


def revisit(
    *,
    limit: Limit = 1000,
    platform: Platform = None,
    dry_run: DryRun = False,
    gone: Gone = False,
    as_json: AsJson = False,
) -> None:
    """Fetch items again whose numbers may have moved (항목 다시 방문)."""
    from commands.crawling import project_settings
    from commands.opened import opened_store
    from gleanery.config import load_config
    from items.clock import to_iso, utc_now
    from storage.due import due, soonest

    config = load_config()
    if gone:
        _list_gone(config, as_json=as_json)
        return
    spiders = _spiders(project_settings(config, {}), platform)
    with opened_store(config) as store:
        now = utc_now()
        waiting = {p: due(store, now, limit=limit, platform=p) for p in spiders}
        following = to_iso(soonest(store))
    if dry_run:
        _show([visit for visits in waiting.values() for visit in visits], as_json=as_json)
        return
    reports = {p: _crawl(spiders[p], limit) for p, visits in waiting.items() if visits}
    if as_json:
        print_json(reports)
        return
    for name, report in reports.items():
        say(_line(name, report["stats"]))
    if not reports:
        say(f"Nothing is due; next visit (다음 방문): {following or 'never'}")


def _list_gone(config: Config, *, as_json: bool) -> None:
    """Write identities, one a line, as `gleanery purge` takes them."""
    from commands.opened import opened_store
    from storage.due import gone

    with opened_store(config) as store:
        found = gone(store)
    if as_json:
        print_json(found)
        return
    for identity in found:
        say(identity)


def _spiders(settings: Settings, wanted: str | None) -> dict[str, str]:
    """Return the names of the spiders that visit again, by the platform of their items.

    Raises:
        RegistryError: None visits the wanted platform; the message lists those there are.
    """
    from scrapy.spiderloader import SpiderLoader

    from gleanery.registry import choose

    loader = SpiderLoader.from_settings(settings)
    classes = [loader.load(name) for name in loader.list()]
    found = {platform: s for s in classes if (platform := getattr(s, "revisits", ""))}
    chosen = {wanted: choose(wanted, found, kind="platform")} if wanted else found
    return {platform: spider.name for platform, spider in chosen.items()}


def _crawl(spider: str, limit: int) -> dict[str, Any]:
    """Run ``gleanery crawl`` in a process of its own: a reactor runs once in a process."""
    import json

    from gleanery.errors import GleaneryError

    command = [sys.executable, "-m", "commands.app", "crawl", spider, f"revisit={limit}", "--json"]
    done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        raise GleaneryError(f"The crawl of {spider} ended with status {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _line(platform: str, stats: dict[str, Any]) -> str:
    return (
        f"{platform}: {stats.get('revisit/taken', 0)} due, {stats.get('item_scraped_count', 0)}"
        f" visited, {stats.get('revisit/gone', 0)} gone (다시 방문, 삭제됨)"
    )


def _show(visits: Sequence[Visit], *, as_json: bool) -> None:
    if as_json:
        print_json([visit.to_dict() for visit in visits])
        return
    rows = (
        (v.key, v.at, f"{v.interval_hours:.1f}", v.still, len(v.points), v.url)
        for v in sorted(visits, key=lambda v: str(v.at))
    )
    title = "Due for a visit / 다시 방문할 항목"
    print_table(title, ("=item", "due", "#interval h", "#still", "#points", "address…"), rows)

"""``gleanery db replay``: store what waits in a spool; and what ``db check`` says of spools."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from gleanery.config import Config
    from storage.spool import Spool


def replay(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Spool of a store whose address has changed. / 주소가 바뀐 저장소의 대기 폴더.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store the items that wait while their store was away; status 1 if any are left (재저장)."""
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from gleanery.tracing import start_tracing
    from storage.spool import Spool
    from storage.spool.replay import drain

    config = load_config()
    hide_secrets(config)
    start_tracing("gleanery-replay", config)
    spool = Spool(folder, max_bytes=config.spool_max_bytes) if folder else spool_of(config)
    total = spool.waiting().items
    with opened_store(config) as store, counting_bar("replayed / 재저장") as show:
        done = drain(spool, store, lambda count: show(count, max(total, count)))
    left = spool.waiting()
    if as_json:
        print_json({**_counts(asdict(done)), "waiting": left.items})
    else:
        say(
            f"{done.saved} stored, {done.refused} refused, {done.damaged} damaged,"
            f" {left.items} waiting (저장, 거부, 손상, 대기)"
        )
        for line in problems_of(spool):
            say(line)
    if done.refused or done.damaged or not done.is_over:
        raise typer.Exit(1)


def spool_of(config: Config) -> Spool:
    """Return the spool of the store that is set."""
    from storage import configured_store
    from storage.spool import configured_spool

    settings = config.scrapy_settings()
    return configured_spool(configured_store(settings.get), settings.get)


def spool_problems(config: Config) -> list[str]:
    """Return a line for all that waits, was refused or is damaged, in every spool of ``HOME``."""
    from storage.spool import other_spools

    spool = spool_of(config)
    others = [
        f"Items wait in {path} for a store that is not the one set (다른 저장소의 대기 항목):"
        f" gleanery db replay --from {path}"
        for path in other_spools(config.home, spool.folder)
    ]
    return [*problems_of(spool), *others]


def problems_of(spool: Spool) -> list[str]:
    """Return a line for each thing about a spool that a person should know."""
    waiting, found = spool.waiting(), []
    if waiting.bytes:
        age = round(time.time() - waiting.oldest_at) if waiting.oldest_at else 0
        found.append(
            f"{waiting.items} items wait to be stored, {waiting.bytes} bytes, the first for {age} s"
            " (저장 대기 중): gleanery db replay"
        )
    if waiting.refused:
        found.append(
            f"{waiting.refused} items were refused by the store, with reasons in"
            f" {spool.refused.path} (저장 거부)"
        )
    if waiting.damaged:
        found.append(
            f"{waiting.damaged} pieces were damaged: {spool.folder / 'damaged'} (손상된 항목)"
        )
    return found


def _counts(done: dict[str, Any]) -> dict[str, Any]:
    return {name: done[name] for name in ("saved", "refused", "damaged")}

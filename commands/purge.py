"""``gleanery purge``: remove items from every place there is, and prove it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, say
from commands.purge_report import show_asked, show_report
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gleanery.config import Config
    from purging.choice import Choice
    from purging.opened import PurgeRun
    from purging.source import Asked


def purge(
    identities: Annotated[
        list[str] | None, typer.Argument(help="Items, e.g. reddit:t3_abc. / 항목.")
    ] = None,
    *,
    author: Annotated[
        list[str] | None, typer.Option(help="PLATFORM:NAME, all of theirs. / 작성자.")
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option(help="All of a platform. / 플랫폼 전체.")
    ] = None,
    deleted_at_source: Annotated[
        bool,
        typer.Option("--deleted-at-source", help="What Reddit no longer shows. / 원본 삭제."),
    ] = False,
    absent: Annotated[
        bool, typer.Option("--absent", help="With it: what Reddit does not answer for, too.")
    ] = False,
    exports: Annotated[
        list[Path] | None, typer.Option(help="Folder of an export to look into, too.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would go. / 보여 주기만 합니다.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. / 묻지 않습니다.")] = False,
    may_return: Annotated[
        bool, typer.Option("--may-return", help="Leave no tombstones. / 다시 수집해도 됩니다.")
    ] = False,
    forget_tombstones: Annotated[
        bool,
        typer.Option("--forget-tombstones", help="Remove nothing, let it come again. / 허용."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove items and comments below them everywhere (완전 삭제); status 1 if anything is left."""
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from purging.choice import Choice

    config = load_config()
    hide_secrets(config)
    named = (identities or [], author or [], platform or [])
    choice = Choice() if deleted_at_source and not any(named) else Choice.parse(*named)
    if forget_tombstones:
        _forget(config, choice, as_json=as_json)
        return
    if not (dry_run or yes or sys.stdin.isatty()):
        raise ConfigError("Nobody is there to agree: add --yes or --dry-run (--yes가 필요합니다).")
    with _opened(config, exports or []) as run:
        if dry_run:
            run.refuse_unfinished()
        else:
            _finish_earlier(run)
        asked = run.ask_source(dry_run=dry_run) if deleted_at_source else None
        if asked:
            choice = choice.with_identities([*asked.gone, *(asked.absent if absent else ())])
        run.work_out(choice)
        if not (dry_run or choice.empty) and (yes or _agrees(run)):
            run.remove(choice, tombstones=not may_return)
        else:
            run.targets.forget()
    _tell(run, asked, dry_run=dry_run, as_json=as_json)
    if not (dry_run or run.report.proven):
        raise typer.Exit(1)


@contextmanager
def _opened(config: Config, exports: Sequence[Path]) -> Iterator[PurgeRun]:
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from purging.opened import opened_purge

    with (
        opened_store(config) as store,
        counting_bar("purge / 삭제") as progress,
        opened_purge(config, store, exports=exports, progress=progress) as run,
    ):
        yield run


def _finish_earlier(run: PurgeRun) -> None:
    if run.targets.confirmed:
        say("Finishing a purge that was cut short (중단된 삭제를 마칩니다)", stderr=True)
        run.finish_earlier()


def _agrees(run: PurgeRun) -> bool:
    show_report(run)
    question = f"Remove {run.report.items:,} items for good? ({run.report.items:,}개를 삭제합니까?)"
    return typer.confirm(question, err=True)


def _tell(run: PurgeRun, asked: Asked | None, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        facts = run.report.to_dict() | {
            "dry_run": dry_run,
            "in_exports": [asdict(hit) for hit in run.exports.hits],
            "profiles_changed": run.examples.changed,
        }
        print_json(facts | ({"asked": asked.to_dict()} if asked else {}))
        return
    if asked:
        show_asked(asked)
    show_report(run, removed=not dry_run)


def _forget(config: Config, choice: Choice, *, as_json: bool) -> None:
    from commands.opened import opened_store
    from purging.run import forget_tombstones

    with opened_store(config) as store:
        number = forget_tombstones(choice, store)
    if as_json:
        print_json({"tombstones_removed": number})
    else:
        say(f"{number} tombstones removed: a crawl may bring it again (다시 수집할 수 있습니다)")

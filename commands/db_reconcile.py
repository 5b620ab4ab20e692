"""``gleanery db reconcile``: make the catalogue say what the documents say."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table, say


def reconcile(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only count; status 1 if any. / 세기만 합니다.")
    ] = False,
    remove_orphans: Annotated[
        bool,
        typer.Option(
            "--remove-orphans",
            help="Remove entries whose document is gone. / 문서가 없는 항목을 지웁니다.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare MySQL's catalogue with MongoDB's documents and mend it (목록과 문서 맞추기)."""
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets

    config = load_config()
    hide_secrets(config)
    with opened_store(config) as store, counting_bar("compared / 비교") as show:
        total = 2 * store.stats(classified_kinds=[]).total
        result = store.reconcile(
            check=check,
            remove_orphans=remove_orphans,
            progress=lambda done: show(done, max(total, done)),
        )
    amiss = result.found if check else result.left
    if as_json:
        print_json(asdict(result) | {"check": check, "found": result.found, "left": amiss})
    else:
        rows = [
            ("documents looked at / 확인한 문서", result.documents),
            ("entries looked at / 확인한 목록 항목", result.entries),
            ("documents without an entry / 목록에 없는 문서", result.entered),
            ("documents of purged items / 삭제 대상 문서", result.purged),
            ("entries of another revision / 버전이 다른 항목", result.rewritten),
            ("entries without a document / 문서가 없는 항목", result.orphans),
            ("of these removed / 그중 지운 것", result.removed),
        ]
        print_table("Reconcile / 맞추기", ("what / 항목", "#number / 수"), rows)
        say(_verdict(store.name, check=check, found=result.found, left=amiss))
    if amiss:
        raise typer.Exit(1)


def _verdict(name: str, *, check: bool, found: int, left: int) -> str:
    if name != "mysql+mongodb":
        return f"{name} keeps everything in one place: nothing to compare (한곳에 보관합니다)"
    if not found:
        return "Both say the same (일치합니다)"
    if check:
        return "To mend it: gleanery db reconcile (고치려면 --check 없이 실행하세요)"
    if left:
        return (
            "Entries without a document stay: restore MongoDB, or --remove-orphans"
            " (문서가 없는 항목은 남아 있습니다: MongoDB를 복원하거나 --remove-orphans)"
        )
    return "Mended (고쳤습니다)"

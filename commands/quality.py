"""``gleanery quality``: what stored items are worth to whoever trains on them, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

quality = typer.Typer(
    help="Score stored items (품질 점수): length, language, boilerplate, copies, engagement.",
    invoke_without_command=True,
)


@quality.callback()
def score(
    context: typer.Context,
    *,
    again: Annotated[
        bool, typer.Option("--all", help="Score items again that have not changed, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score stored items (품질 점수); stopped, it goes on where it was."""
    if context.invoked_subcommand:
        return
    from dataclasses import asdict

    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.score import index_file, score_store
    from quality import NearIndex

    config = load_config()
    with (
        opened_store(config) as store,
        NearIndex(index_file(config.home)) as index,
        counting_bar("quality") as progress,
    ):
        result = asdict(score_store(store, index, again=again, progress=progress))
    if as_json:
        print_json(result)
    else:
        print_table("Quality / 품질", ("what", "#items"), result.items())


@quality.command()
def show(
    identity: Annotated[str, typer.Argument(help="platform:id, e.g. reddit:t3_abc.")],
    as_json: AsJson = False,
) -> None:
    """Show an item's score and what speaks against it (점수와 이유)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from gleanery.errors import StoreError
    from pipelines.score import kept_score

    with opened_store(load_config()) as store:
        row = store.find(identity)
    if row is None:
        raise StoreError(f"No item {identity!r} in the store (그런 항목이 없습니다).")
    if (found := kept_score(row)) is None:
        raise StoreError(f"{identity!r} is not scored yet: gleanery quality (점수가 없습니다).")
    if as_json:
        print_json({"identity": identity} | found)
        return
    say(f"{found['score']:.2f}")
    print_table(
        "Reasons / 이유",
        ("part", "#leaves", "why"),
        ((r["part"], f"{r['value']:.2f}", r["why"]) for r in found["reasons"]),
    )

"""``gleanery proposals``: categories that a model would add; a person decides."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

proposals = typer.Typer(
    help="Look at proposed categories and decide (제안된 분류 검토).", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="As `list` shows it: KEY, or CATEGORY/KEY.")]


@proposals.command()
def ask(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Items to show, at most.")] = 160,
    as_json: AsJson = False,
) -> None:
    """Show items that need review to the model server (모델에 제안 요청)."""
    from dataclasses import asdict

    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.propose import propose

    config = load_config()
    with opened_store(config) as store, counting_bar("proposals") as progress:
        result = asdict(propose(config, store, limit=limit, progress=progress))
    if as_json:
        print_json(result)
    else:
        print_table("Proposals / 제안", ("what", "#number"), result.items())


@proposals.command("list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those already decided, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits for a decision (제안 목록)."""
    from commands.opened import opened_store
    from gleanery.config import load_config

    with opened_store(load_config()) as store:
        found = store.proposals(status=None if every else "pending")
    if as_json:
        print_json([p.to_dict() for p in found])
        return
    print_table(
        "Proposals / 제안",
        ("proposal", "name / 이름", "#items", "status", "description / 설명…"),
        (
            (
                p.identity,
                f"{p.name_ko} · {p.name_en}",
                len(p.evidence),
                p.status,
                p.description_ko or p.description_en,
            )
            for p in found
        ),
    )


@proposals.command()
def accept(name: Name, as_json: AsJson = False) -> None:
    """Add it to your own taxonomy; running crawls and servers see it when restarted (수락)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.decide import accept_proposal

    config = load_config()
    with opened_store(config) as store:
        grown = accept_proposal(config, store, name)
    if as_json:
        print_json({"accepted": name, "taxonomy": str(grown.taxonomy), "version": grown.version})
    else:
        say(f"{name} is in {grown.taxonomy}, version {grown.version} (분류에 추가했습니다)")


@proposals.command()
def reject(name: Name, as_json: AsJson = False) -> None:
    """Never be asked about it again (거절)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.decide import reject_proposal

    with opened_store(load_config()) as store:
        reject_proposal(store, name)
    if as_json:
        print_json({"rejected": name})
    else:
        say(f"{name}: rejected (거절했습니다)")

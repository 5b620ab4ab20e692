"""``gleanery search``: full-text search, Korean too."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.output import AsJson, console, print_json, printable


def search(
    text: Annotated[str, typer.Argument(help="Words that an item must all have.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Items shown at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search titles and texts (제목과 본문 검색)."""
    from commands.opened import opened_store
    from gleanery.config import load_config

    with opened_store(load_config()) as store:
        rows = store.search(text, limit=limit)
    if as_json:
        print_json(rows)
    elif not rows:
        console().print("Nothing found (검색 결과가 없습니다).")
    else:
        for row in rows:
            _show(row)


def _show(row: dict[str, Any]) -> None:
    """Print two lines: what it says, and what `gleanery show` takes."""
    title = row["headline"] or row["title"] or row["text"][:80]
    about = (row["category"], row["kind"], row["published_at"] and row["published_at"][:10])
    out = console()
    out.print(printable(title), style="bold")
    out.print("  " + " · ".join(filter(None, (printable(row["identity"]), *about))), soft_wrap=True)

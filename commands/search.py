"""``gleanery search``: full-text search, Korean too."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, console, print_json, print_table


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
        cells = ((r["category"], r["headline"] or r["title"], r["identity"]) for r in rows)
        print_table(f"{len(rows)} found / 검색 결과", ("category", "title", "identity"), cells)

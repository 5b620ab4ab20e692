"""``gleanery show``: one item, whole."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table


def show(
    identity: Annotated[str, typer.Argument(help="platform:id, e.g. reddit:t3_abc.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the page as it was fetched, byte by byte.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one item (항목 하나 보기)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from gleanery.errors import StoreError

    with opened_store(load_config()) as store:
        row = store.find(identity)
        page = store.raw(identity) if raw else None
    if row is None:
        raise StoreError(f"No item {identity!r} in the store (그런 항목이 없습니다).")
    if raw:
        if page is None:
            raise StoreError(f"No page was kept of {identity!r} (보관된 원문이 없습니다).")
        sys.stdout.buffer.write(page)
    elif as_json:
        print_json(row)
    else:
        filled = ((name, value) for name, value in row.items() if value not in (None, "", [], {}))
        print_table(row["title"] or identity, ("field", "value"), filled)

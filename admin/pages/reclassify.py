"""Classify a selection of items again, through the model server, in the background."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Form, HTTPException, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError
from admin.gate import AtDesk, Gate, Who
from admin.pages.items import Asked
from admin.rendering import go
from pipelines.reclassify import mark_again
from pipelines.reenrich import reenrich
from storage.office.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from admin.runs import Run
    from storage.item_filter import Place

gate = Gate()
CHOSEN = 500
"""Items named one by one, at most."""
MOST = 10_000
"""Items that a filter finds, the newest, at most."""
PAGE = 200
Identity = Annotated[str, Field(max_length=4000)]


class Selection(BaseModel):
    """Items by name, or all that a filter finds: one of the two."""

    items: list[Identity] = Field(default=[], max_length=CHOSEN)
    filter: Asked | None = None


@gate.form("/items/reclassify", role="operator")
def form(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    item: Annotated[list[Identity], Form(max_length=CHOSEN)] = [],  # noqa: B006 - FastAPI copies it
    every: Annotated[bool, Form()] = False,
    query: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Classify those that are chosen, or all that the filter finds."""
    try:
        found = Asked.model_validate(dict(parse_qsl(query))) if every else None
    except ValidationError as error:
        raise HTTPException(422) from error
    run = begin(desk, who, Selection(items=[] if every else item, filter=found))
    return go(request, f"/run?id={run.id}")


@gate.act("/items/reclassify", role="operator")
def api(desk: AtDesk, who: Who, selection: Selection) -> dict[str, str]:
    """Classify items again; ``/api/run?id=`` says how it gets on."""
    return {"run": begin(desk, who, selection).id}


def begin(desk: Desk, who: Session, selection: Selection) -> Run:
    """Mark items and ask the model server about them, noted as one change.

    Raises:
        RefusedError: Nothing is chosen.
        TooManyRunsError: Too many wait.
    """
    if bool(selection.items) == bool(selection.filter):
        raise RefusedError("choose items (항목을 고르세요)")
    wanted = selection.filter
    given = wanted.model_dump(mode="json", exclude_defaults=True) if wanted else selection.items
    subject = f"{len(selection.items)} items" if selection.items else str(given)

    def work(run: Run) -> dict[str, Any]:
        with desk.change(who, "item.reclassify", subject, given) as change:
            change.after = _reclassify(desk, run, selection)
            return dict(change.after)

    return desk.runs.begin("reclassify", work, user=who.user, subject=subject)


def _reclassify(desk: Desk, run: Run, selection: Selection) -> dict[str, Any]:
    config = desk.config
    chosen = list(_found(desk, selection.filter)) if selection.filter else selection.items
    marked = mark_again(
        desk.store, chosen, config.classify_kinds, progress=lambda n: run.tell(n, len(chosen))
    )
    total = len(marked.identities)
    run.tell(0, total)
    result = reenrich(
        config, identities=marked.identities, progress=lambda r: run.tell(r.seen, total)
    )
    run.done = result.seen
    return {"chosen": len(chosen), **dict(marked.fates.items()), **asdict(result)}


def _found(desk: Desk, asked: Asked) -> Iterator[str]:
    """Yield the identities that a filter finds, the newest first, ``MOST`` at most."""
    if asked.q:
        rows = desk.store.search(asked.q, limit=MOST, wanted=asked.wanted())
        yield from (row["identity"] for row in rows)
        return
    place: Place | None = None
    for _ in range(MOST // PAGE):
        page = desk.store.page(asked.wanted(), after=place, limit=PAGE)
        yield from (row["identity"] for row in page.rows)
        place = page.next
        if place is None:
            return

"""Remove items for good, as ``gleanery purge`` does: a look first, then a person's word."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, HTTPException, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError, refusing
from admin.gate import AtDesk, Gate, Who
from admin.pages.runs import named
from admin.rendering import go
from purging.choice import Choice
from purging.opened import PurgeRun, opened_purge
from storage.office.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from admin.runs import Run

gate = Gate()
CHOSEN = 500
"""Items at once."""
SHOWN = 50
"""Items that are named on the page that asks, comments below included."""
Identity = Annotated[str, Field(max_length=4000)]
Id = Annotated[str, Form(max_length=32)]


class Chosen(BaseModel):
    """Items that may go."""

    items: list[Identity] = Field(min_length=1, max_length=CHOSEN)


class Agreed(BaseModel):
    """A look whose findings are to go."""

    run: str = Field(max_length=32)
    may_return: bool = False
    """Whether a crawl may bring them again."""


@gate.form("/purge/look", role="admin")
def form_look(
    request: Request, desk: AtDesk, who: Who,
    item: Annotated[list[Identity], Form(max_length=CHOSEN)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:  # fmt: skip
    """Find what would go, and ask."""
    return go(request, f"/run?id={look(desk, who, item).id}")


@gate.form("/purge", role="admin")
def form(
    request: Request, desk: AtDesk, who: Who, run: Id,
    may_return: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Remove what a look has shown."""
    agreed = Agreed(run=run, may_return=may_return)
    return go(request, f"/run?id={purge(desk, who, agreed).id}")


@gate.act("/purge/look", role="admin")
def api_look(desk: AtDesk, who: Who, chosen: Chosen) -> dict[str, str]:
    """Find what would go; ``/api/run?id=`` has it as ``result``."""
    return {"run": look(desk, who, chosen.items).id}


@gate.act("/purge", role="admin")
def api(desk: AtDesk, who: Who, agreed: Agreed) -> dict[str, str]:
    """Remove what a look has shown; ``/api/run?id=`` says what is left."""
    return {"run": purge(desk, who, agreed).id}


def look(desk: Desk, who: Session, identities: list[str]) -> Run:
    """Find in the background what would go; nothing is changed.

    Raises:
        RefusedError: Nothing is chosen, or it is no identity.
    """
    with refusing():
        choice = Choice.parse(identities, [], [])

    def work(run: Run) -> dict[str, Any]:
        with opened_purge(desk.config, desk.store, progress=run.tell) as purging:
            if purging.targets.confirmed:  # cut short: that list must not be lost
                return {"unfinished": len(purging.targets)}
            purging.work_out(choice)
            shown = list(islice(_each(purging), SHOWN))
            purging.targets.forget()
            return _told(purging) | {"shown": shown}

    return desk.runs.begin(
        "purge.look", work, user=who.user, subject=f"{len(identities)} items",
        asked=choice.identities,
    )  # fmt: skip


def purge(desk: Desk, who: Session, agreed: Agreed) -> Run:
    """Remove in the background what a look has shown, noted as one change.

    The note says how many, and their tombstones, not their names: those are to be gone.

    Raises:
        HTTPException: 404, there is no such look (any more).
        RefusedError: It has not ended.
    """
    seen = named(desk, who, agreed.run)
    if seen.kind != "purge.look":
        raise HTTPException(404)
    if seen.state != "done":
        raise RefusedError("the look has not ended well (확인이 끝나지 않았습니다)")
    choice = Choice(identities=() if "unfinished" in seen.result else seen.asked)

    def work(run: Run) -> dict[str, Any]:
        before = {"chosen": len(choice.identities), "marks": choice.marks()}
        with (
            desk.change(who, "item.purge", seen.subject, before) as change,
            opened_purge(desk.config, desk.store, progress=run.tell) as purging,
        ):
            purging.finish_earlier()
            if not choice.empty:
                purging.work_out(choice)
                purging.remove(choice, tombstones=not agreed.may_return)
            change.after = _told(purging)
            return dict(change.after)

    return desk.runs.begin("purge", work, user=who.user, subject=seen.subject)


def _told(purging: PurgeRun) -> dict[str, Any]:
    exports = sorted({hit.folder for hit in purging.exports.hits})
    return purging.report.to_dict() | {
        "exports": exports, "retrain": list(purging.examples.changed),
    }  # fmt: skip


def _each(purging: PurgeRun) -> Iterator[str]:
    for batch in purging.targets.batches():
        yield from batch

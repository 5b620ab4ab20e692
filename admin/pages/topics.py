"""Hot topics: what is talked about now, as ``gleanery topics`` finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from items.clock import utc_now
from pipelines.topics.run import find_topics
from storage.office.sessions import Session
from storage.topics import topics

if TYPE_CHECKING:
    from admin.runs import Run
    from items.topic import Topic

gate = Gate()
ROWS = 20
MOST = 1000
"""Topics that may be leafed through."""
SHOWN = 10
"""Items of a topic that are named, the most central ones."""
Category = Annotated[str, Query(max_length=100)]
After = Annotated[int, Query(ge=0, le=MOST)]


class Wanted(BaseModel):
    """What topics are looked for in."""

    category: str = Field("", max_length=100)
    days: float = Field(2, ge=0.01, le=365)
    """Length of the recent time."""


@gate.page("/topics", role="viewer")
def page(request: Request, desk: AtDesk, category: Category = "", after: After = 0) -> Response:
    """Show those of the last run first, beginning after so many."""
    known = topics(desk.store, group=category, limit=after + ROWS + 1)
    found = known[after : after + ROWS]
    named = [identity for topic in found for identity in topic.members[:SHOWN]]
    rows = {row["identity"]: row for row in desk.store.rows(list(dict.fromkeys(named)))}
    return show(
        request, "topics", topics=found, rows=rows, shown=SHOWN, category=category,
        categories=desk.taxonomy.categories, bars=_bars,
        more=after + ROWS if len(known) > after + ROWS else 0,
    )  # fmt: skip


@gate.read("/topics", role="viewer")
def api(desk: AtDesk, category: Category = "", after: After = 0) -> list[dict[str, Any]]:
    """List 20 after so many, those of the last run first, with growth, counts in time, items."""
    known = topics(desk.store, group=category, limit=after + ROWS)
    return [topic.to_dict() for topic in known[after:]]


@gate.form("/topics", role="operator")
def form(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    category: Annotated[str, Form(max_length=100)] = "",
    days: Annotated[float, Form(ge=0.01, le=365)] = 2,
) -> Response:
    """Look for topics now."""
    return go(request, f"/run?id={find(desk, who, Wanted(category=category, days=days)).id}")


@gate.act("/topics/find", role="operator")
def api_find(desk: AtDesk, who: Who, wanted: Wanted) -> dict[str, str]:
    """Look for topics; ``/api/run?id=`` says when it is done."""
    return {"run": find(desk, who, wanted).id}


def find(desk: Desk, who: Session, wanted: Wanted) -> Run:
    """Look for topics in the background, noted as one change.

    Raises:
        RefusedError: There is no such category.
    """
    category = wanted.category
    if category and category not in desk.taxonomy.keys:
        raise RefusedError(f"no category {category!r} (없는 분류입니다)")

    def work(_: Run) -> dict[str, Any]:
        with desk.change(who, "topics.find", category or "*") as change:
            found = find_topics(
                desk.config, desk.store, utc_now(), days=wanted.days, category=category or None
            )
            told = {"topics": len(found.topics), "texts": found.texts}
            change.after = told
            return {**told, "message": found.message}

    return desk.runs.begin("topics", work, user=who.user, subject=category or "*")


def _bars(topic: Topic) -> list[tuple[int, int]]:
    """Return left edge and height of a bar for each span of time; the highest is 20."""
    most = max(topic.counts, default=0) or 1
    return [(5 * number, round(20 * count / most)) for number, count in enumerate(topic.counts)]

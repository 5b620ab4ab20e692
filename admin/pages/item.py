"""One item: all that is known of it, and a person's word on its category."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Form, HTTPException, Query, Request
from starlette.responses import Response

from admin.cursor import read_cursor, write_cursor
from admin.desk import Desk
from admin.failures import refusing
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from pipelines.correct import correct_label
from storage.office.sessions import Session

gate = Gate()
COMMENTS = 50
Identity = Annotated[str, Query(max_length=4000)]
IdentityField = Annotated[str, Form(max_length=4000)]
After = Annotated[str, Query(max_length=80)]
Key = Annotated[str, Query(max_length=100)]


@gate.page("/item", role="viewer")
def page(request: Request, desk: AtDesk, id: Identity, after: After = "") -> Response:  # noqa: A002
    """Show it."""
    found = looked(desk, id, after)
    scores = _scores(found["item"])
    categories = desk.taxonomy.categories
    return show(request, "item", scores=scores, categories=categories, **found)


@gate.read("/item", role="viewer")
def api(desk: AtDesk, id: Identity, after: After = "") -> dict[str, Any]:  # noqa: A002
    """Give it with its comments, transcripts and history; ``after`` = ``next`` of the comments."""
    found = looked(desk, id, after)
    for name in ("transcripts", "history"):
        found[name] = [asdict(each) for each in found[name]]
    return found


@gate.read("/categories", role="viewer")
def api_categories(desk: AtDesk) -> list[dict[str, Any]]:
    """List the categories that a label may have, with their sub-categories, in both languages."""
    return [asdict(category) for category in desk.taxonomy.categories]


@gate.form("/item/label", role="operator")
def form(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    identity: IdentityField,
    category: Annotated[str, Form(max_length=201)],
) -> Response:
    """Correct its category, ``KEY``, or with its sub-category, ``KEY/KEY``."""
    key, _, subcategory = category.partition("/")
    correct(desk, who, identity, (key, subcategory))
    return go(request, f"/item?id={quote(identity, safe='')}&done=saved")


@gate.act("/item/label", role="operator")
def api_label(
    desk: AtDesk,
    who: Who,
    id: Identity,  # noqa: A002
    category: Key,
    subcategory: Key = "",
) -> dict[str, Any]:
    """Correct its category; the answer says what it was."""
    return correct(desk, who, id, (category, subcategory))


def looked(desk: Desk, identity: str, after: str) -> dict[str, Any]:
    """Return ``item``, ``comments``, ``next``, ``transcripts`` and ``history``.

    Raises:
        HTTPException: 404, there is no such item.
    """
    item = desk.store.find(identity)
    if item is None:
        raise HTTPException(404)
    comments = desk.store.comments(identity, after=read_cursor(after), limit=COMMENTS)
    return {
        "item": item,
        "comments": comments.rows,
        "next": write_cursor(comments.next),
        "transcripts": desk.store.transcripts(identity),
        "history": desk.store.history(identity),
    }


def correct(desk: Desk, who: Session, identity: str, label: tuple[str, str]) -> dict[str, Any]:
    """Set its category and sub-category, and note it; return what they were.

    Raises:
        HTTPException: 404, there is no such item.
        RefusedError: The taxonomy has no such key.
    """
    category, subcategory = label
    with desk.change(who, "item.label", identity) as change:
        with refusing():
            before = correct_label(
                desk.store, identity, category, subcategory=subcategory or None, by=who.user
            )
        if before is None:
            raise HTTPException(404)
        change.before = before
        change.after = {"category": category, "subcategory": subcategory or None}
        return before


def _scores(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what each tool said of the category: ``tool``, ``engine``, scores, best first."""
    found = []
    for annotation in item["annotations"]:
        value = annotation["value"] if isinstance(annotation["value"], dict) else {}
        scores = value.get("scores")
        ranked = sorted(scores.items(), key=lambda s: -s[1])[:5] if isinstance(scores, dict) else []
        found.append(
            {
                "tool": annotation["tool"],
                "engine": f"{annotation['engine']} {annotation['version']}",
                "score": annotation["score"],
                "category": value.get("category"),
                "reason": value.get("reason") or value.get("reasons") or "",
                "scores": ranked,
            }
        )
    return found

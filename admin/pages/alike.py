"""Which videos look like one: its nearest neighbours among all vectors that the store keeps."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate
from admin.rendering import show

gate = Gate()
NEAREST = 12
Identity = Annotated[str, Query(alias="id", max_length=4000)]


@gate.page("/item/alike", role="viewer")
def page(request: Request, desk: AtDesk, identity: Identity) -> Response:
    """Show them; the item's own page asks for this one once it is there."""
    return show(request, "alike", identity=identity, **looked(desk, identity))


@gate.read("/item/alike", role="viewer")
def api(desk: AtDesk, identity: Identity) -> dict[str, Any]:
    """Give ``neighbours`` with their ``cosine``; ``left_out`` have vectors of another engine."""
    found = looked(desk, identity)
    for row in found["neighbours"]:
        row["item"] = {name: row["item"][name] for name in ("identity", "title", "category")}
    return found


def looked(desk: Desk, identity: str) -> dict[str, Any]:
    """Return ``neighbours``, the most alike first, and ``left_out``.

    Raises:
        HTTPException: 404, there is no such item.
    """
    ranked = desk.vectors.like(desk.store, identity, NEAREST)
    if ranked is None:
        if desk.store.find(identity) is None:
            raise HTTPException(404)
        return {"neighbours": [], "left_out": 0}
    cosines, left_out = dict(ranked[0]), ranked[1]
    rows = desk.store.rows([*cosines])  # purged ones are no longer there
    neighbours = [{"cosine": cosines[row["identity"]], "item": row} for row in rows]
    return {"neighbours": neighbours, "left_out": left_out}

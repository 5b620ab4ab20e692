"""The store: whether it answers, what waits for it on this disk, what should be mended."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from gleanery.errors import GleaneryError
from storage.office.sessions import Session
from storage.schema_versions import schema_versions
from storage.spool import other_spools
from storage.spool.replay import drain

if TYPE_CHECKING:
    from admin.runs import Run

gate = Gate()
SHOWN = 100
"""Refused items listed at most, the oldest."""


class Mending(BaseModel):
    """How the catalogue is held against the documents."""

    check: bool = True
    """Only count."""


@gate.page("/stores", role="operator")
def page(request: Request, desk: AtDesk) -> Response:
    """Show the store and its spool."""
    return show(request, "stores", **looked(desk))


@gate.read("/stores", role="operator")
def api(desk: AtDesk) -> dict[str, Any]:
    """Give the ``store``, its ``schema``, whether it is ``reachable``, and its ``spool``."""
    return looked(desk)


@gate.form("/stores/replay", role="operator")
def form_replay(request: Request, desk: AtDesk, who: Who) -> Response:
    """Store what waits."""
    return go(request, f"/run?id={replay(desk, who).id}")


@gate.act("/stores/replay", role="operator")
def api_replay(desk: AtDesk, who: Who) -> dict[str, str]:
    """Store what waits in the spool; ``/api/run?id=`` says how it gets on."""
    return {"run": replay(desk, who).id}


@gate.form("/stores/check", role="operator")
def form_check(request: Request, desk: AtDesk, who: Who) -> Response:
    """Look for what should be mended."""
    return go(request, f"/run?id={mend(desk, who, check=True).id}")


@gate.form("/stores/mend", role="operator")
def form_mend(request: Request, desk: AtDesk, who: Who) -> Response:
    """Make the catalogue say what the documents say."""
    return go(request, f"/run?id={mend(desk, who, check=False).id}")


@gate.act("/stores/reconcile", role="operator")
def api_reconcile(desk: AtDesk, who: Who, mending: Mending) -> dict[str, str]:
    """Hold the catalogue against the documents, as ``gleanery db reconcile``."""
    return {"run": mend(desk, who, check=mending.check).id}


def looked(desk: Desk) -> dict[str, Any]:
    """Return what the page shows; a store that is away is told, not raised."""
    found: dict[str, Any] = {"store": desk.config.store, "schema": {}, "total": None, "error": ""}
    try:
        found["schema"] = schema_versions(desk.config.store)
        desk.store.page(limit=1)  # counts may be old ones
        found["total"] = desk.counted()["total"]
    except GleaneryError as error:
        found["error"] = str(error)
    return found | {"reachable": not found["error"], "spool": _spool_facts(desk)}


def replay(desk: Desk, who: Session) -> Run:
    """Store in the background what waits, noted as one change."""

    def work(run: Run) -> dict[str, Any]:
        spool = desk.spool
        total = spool.waiting().items
        with desk.change(who, "spool.replay", spool.name, {"waiting": total}) as change:
            done = drain(spool, desk.store, lambda count: run.tell(count, max(total, count)))
            change.after = asdict(done) | {"waiting": spool.waiting().items}
            return dict(change.after)

    return desk.runs.begin("replay", work, user=who.user, subject=desk.config.store)


def mend(desk: Desk, who: Session, *, check: bool) -> Run:
    """Hold the catalogue against the documents in the background; what changes it is noted."""

    def work(run: Run) -> dict[str, Any]:
        if check:
            problems = desk.store.check()
            found = desk.store.reconcile(check=True, progress=run.tell)
            return asdict(found) | {"found": found.found, "problems": problems}
        with desk.change(who, "store.reconcile", desk.config.store) as change:
            found = desk.store.reconcile(progress=run.tell)
            change.after = asdict(found) | {"found": found.found, "left": found.left}
            return dict(change.after)

    return desk.runs.begin("reconcile", work, user=who.user, subject=desk.config.store)


def _spool_facts(desk: Desk) -> dict[str, Any]:
    spool = desk.spool
    waiting = spool.waiting()
    oldest = waiting.oldest_at
    return asdict(waiting) | {
        "name": spool.name,
        "max_bytes": spool.max_bytes,
        "oldest_seconds": None if oldest is None else max(0, round(time.time() - oldest)),
        "refused_items": [asdict(item) for item in spool.refused.first(SHOWN)],
        "others": [folder.name for folder in other_spools(desk.config.home, spool.folder)],
    }

"""Proposed categories, in MySQL or MariaDB."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from items import Proposal
from items.clock import utc_now
from storage.mysql.database import insert, upsert
from storage.mysql.hashing import hash_of
from storage.mysql.schema import proposals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from items.proposal import Status

_INSERT = insert(proposals)
_UPSERT = upsert(proposals, key=("identity_hash", "identity"))


def propose(db: Connection, new: Sequence[Proposal]) -> int:
    """Keep new ones, add the evidence to known ones; return how many were new."""
    number = 0
    for proposal in new:
        if known := _find(db, proposal.identity):
            known.evidence = list(dict.fromkeys([*known.evidence, *proposal.evidence]))
        _keep(db, known or proposal, new=known is None)
        number += known is None
    return number


def decide(db: Connection, identity: str, status: Status) -> bool:
    """Note how a person decided; return whether there is such a proposal."""
    if known := _find(db, identity):
        known.status, known.decided_at = status, utc_now()
        _keep(db, known, new=False)
    return known is not None


def forget(db: Connection, identities: Sequence[str]) -> None:
    """Take items out of the evidence."""
    for proposal in listed(db, None):
        if proposal.forget(identities) and (known := _find(db, proposal.identity)):
            known.forget(identities)
            _keep(db, known, new=False)


def listed(db: Connection, status: Status | None) -> list[Proposal]:
    """Return the proposals, most evidence first."""
    bodies = db.execute(select(proposals.c.body)).scalars()
    found = [Proposal.from_dict(json.loads(body)) for body in bodies]
    kept = [p for p in found if status in (None, p.status)]
    return sorted(kept, key=lambda p: (-len(p.evidence), p.identity))


def _find(db: Connection, identity: str) -> Proposal | None:
    where = proposals.c.identity_hash == hash_of(identity)
    body = db.execute(select(proposals.c.body).where(where).with_for_update()).scalar()
    return Proposal.from_dict(json.loads(body)) if body else None


def _keep(db: Connection, proposal: Proposal, *, new: bool) -> None:
    body = json.dumps(proposal.to_dict(), ensure_ascii=False)
    values = (hash_of(proposal.identity), proposal.identity, body)
    db.exec_driver_sql(_INSERT if new else _UPSERT, values)

"""Proposed categories, in MongoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from gleanery.errors import StoreUnavailableError
from items import Proposal
from items.clock import utc_now
from storage.mongodb.schema import PROPOSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pymongo.database import Database

    from items.proposal import Status
    from storage.mongodb.database import Document

RETRIES = 20


def propose(db: Database[Document], new: Sequence[Proposal]) -> int:
    """Keep new ones, add the evidence to known ones; return how many were new."""
    return sum(not _changed(db, p.identity, _adding(p), new=p) for p in new)


def decide(db: Database[Document], identity: str, status: Status) -> bool:
    """Note how a person decided; return whether there is such a proposal."""

    def change(known: Proposal) -> None:
        known.status, known.decided_at = status, utc_now()

    return _changed(db, identity, change)


def forget(db: Database[Document], identities: Sequence[str]) -> None:
    """Take items out of the evidence."""
    for proposal in listed(db, None):
        if proposal.forget(identities):
            _changed(db, proposal.identity, lambda known: known.forget(identities))


def listed(db: Database[Document], status: Status | None) -> list[Proposal]:
    """Return the proposals, most evidence first."""
    found = [Proposal.from_dict(row["proposal"]) for row in db[PROPOSALS].find()]
    kept = [p for p in found if status in (None, p.status)]
    return sorted(kept, key=lambda p: (-len(p.evidence), p.identity))


def _adding(new: Proposal) -> Callable[[Proposal], None]:
    def change(known: Proposal) -> None:
        known.evidence = list(dict.fromkeys([*known.evidence, *new.evidence]))

    return change


def _changed(
    db: Database[Document],
    identity: str,
    change: Callable[[Proposal], object],
    *,
    new: Proposal | None = None,
) -> bool:
    """Change a known proposal, or enter ``new``; return whether it was known."""
    for _ in range(RETRIES):
        found = db[PROPOSALS].find_one({"_id": identity})
        if found is None:
            if new is None:
                return False
            try:
                db[PROPOSALS].insert_one(
                    {"_id": identity, "revision": 1, "proposal": new.to_dict()}
                )
            except DuplicateKeyError:
                continue
            return False
        change(known := Proposal.from_dict(found["proposal"]))
        after = {"revision": found["revision"] + 1, "proposal": known.to_dict()}
        before = {"_id": identity, "revision": found["revision"]}
        if db[PROPOSALS].replace_one(before, after).matched_count:
            return True
    raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")

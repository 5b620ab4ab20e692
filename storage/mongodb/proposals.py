"""Proposed categories, in MongoDB."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from gleanery.errors import StoreUnavailableError
from items import Proposal
from items.clock import utc_now
from storage.mongodb.schema import PROPOSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from items.proposal import Status
    from storage.mongodb.database import Document

RETRIES = 20


async def propose(db: AsyncDatabase[Document], new: Sequence[Proposal]) -> int:
    """Keep new ones, add the evidence to known ones; return how many were new."""
    return sum([not await _changed(db, p.identity, _adding(p), new=p) for p in new])


async def decide(db: AsyncDatabase[Document], identity: str, status: Status) -> bool:
    """Note how a person decided; return whether there is such a proposal."""

    def change(known: Proposal) -> None:
        known.status, known.decided_at = status, utc_now()

    return await _changed(db, identity, change)


async def forget(db: AsyncDatabase[Document], identities: Sequence[str]) -> None:
    """Take items out of the evidence."""
    for proposal in await listed(db, None):
        if proposal.forget(identities):
            await _changed(db, proposal.identity, partial(Proposal.forget, identities=identities))


async def listed(db: AsyncDatabase[Document], status: Status | None) -> list[Proposal]:
    """Return the proposals, most evidence first."""
    found = [Proposal.from_dict(row["proposal"]) async for row in db[PROPOSALS].find()]
    kept = [p for p in found if status in (None, p.status)]
    return sorted(kept, key=lambda p: (-len(p.evidence), p.identity))


def _adding(new: Proposal) -> Callable[[Proposal], None]:
    def change(known: Proposal) -> None:
        known.evidence = list(dict.fromkeys([*known.evidence, *new.evidence]))

    return change


async def _changed(
    db: AsyncDatabase[Document],
    identity: str,
    change: Callable[[Proposal], object],
    *,
    new: Proposal | None = None,
) -> bool:
    """Change a known proposal, or enter ``new``; return whether it was known."""
    for _ in range(RETRIES):
        found = await db[PROPOSALS].find_one({"_id": identity})
        if found is None:
            if new is None:
                return False
            try:
                await db[PROPOSALS].insert_one(
                    {"_id": identity, "revision": 1, "proposal": new.to_dict()}
                )
            except DuplicateKeyError:
                continue
            return False
        change(known := Proposal.from_dict(found["proposal"]))
        after = {"revision": found["revision"] + 1, "proposal": known.to_dict()}
        before = {"_id": identity, "revision": found["revision"]}
        if (await db[PROPOSALS].replace_one(before, after)).matched_count:
            return True
    raise StoreUnavailableError(f"MongoDB: other writers came first {RETRIES} times")

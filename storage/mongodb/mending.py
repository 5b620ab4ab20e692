"""Paths of comments that came before what they answer, put right once it has come.

Whoever writes a comment looks afterwards at the paths around it: whether what it answers stands
elsewhere by now, and whether replies to it were there before. So of two writers that cross, the
later one sees what the other did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo import UpdateOne

from storage.mongodb.paths import part
from storage.mongodb.schema import COMMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pymongo.asynchronous.collection import AsyncCollection as Comments
    from pymongo.asynchronous.database import AsyncDatabase

    from storage.mongodb.database import Document

ROUNDS = 20
"""Looks at most; a further one is needed only if another writer moved something meanwhile."""
_SEEN = {"path": 1, "item.parent": 1}


class Placed(NamedTuple):
    """A comment and where it stands."""

    identity: str
    parent: str | None
    path: str


async def mend(
    db: AsyncDatabase[Document], written: Sequence[Placed], left: Collection[str]
) -> None:
    """Rewrite paths, of comments and of all below them, that do not go on from their parent's.

    Args:
        db: Where.
        written: Comments that were just written.
        left: Paths that new ones of them were taken to have by replies that came before; those
            that stand where they were taken to are none.
    """
    comments, moved = db[COMMENTS], dict[str, str]()
    for _ in range(ROUNDS):
        wrong = moved | await _wrong(
            comments, {placed.identity: placed for placed in written}, left
        )
        if not wrong:
            return
        for old, right in wrong.items():
            await _move(comments, old, right)
        before = {placed.identity: placed.path for placed in written}
        written = await _placed(comments, {"_id": {"$in": [*before]}})
        # What others moved meanwhile, without those that we were just putting below it.
        moved = {before[p.identity]: p.path for p in written if before[p.identity] != p.path}


async def _placed(comments: Comments[Document], where: Document) -> list[Placed]:
    return [
        Placed(found["_id"], found["item"].get("parent"), found["path"])
        async for found in comments.find(where, _SEEN)
    ]


async def _wrong(
    comments: Comments[Document], written: Mapping[str, Placed], left: Collection[str]
) -> dict[str, str]:
    """Return paths that are wrong, and what they should be; those above others come first."""
    known = dict(written)
    if above := {p.parent for p in written.values() if p.parent} - set(written):
        over = await _placed(comments, {"_id": {"$in": list(above)}})
        known |= {placed.identity: placed for placed in over}
    if left:
        below = await _placed(comments, {"$or": [_below(path) for path in left]})
        known |= {p.identity: p for p in below}
    wrong = {}
    for identity, parent, path in known.values():
        upper, own = known.get(parent or ""), part(identity)
        if upper is None or own in upper.path.split("/"):  # in a circle there is no right path
            continue
        if path != (right := f"{upper.path}/{own}"):
            wrong[path] = right
    return dict(sorted(wrong.items(), key=lambda pair: len(pair[0])))


async def _move(comments: Comments[Document], old: str, right: str) -> None:
    """Rewrite a path and all that go on from it, until none does: others may be adding some."""
    inside = {"$or": [{"path": old}, _below(old)]}
    for _ in range(ROUNDS):
        changes = [
            UpdateOne(
                {"_id": found["_id"], "path": found["path"]},
                {"$set": {"path": right + found["path"][len(old) :]}},
            )
            async for found in comments.find(inside, {"path": 1})
        ]
        if not changes:
            return
        await comments.bulk_write(changes, ordered=False)


def _below(path: str) -> Document:
    """Return what finds all paths that begin with ``path/``: ``0`` follows ``/``."""
    return {"path": {"$gt": f"{path}/", "$lt": f"{path}0"}}

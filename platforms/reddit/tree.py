"""A comment tree out of answers that hold parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gleanery.errors import ExtractionError
from platforms.reddit.items import to_comment

if TYPE_CHECKING:
    from items import Comment
    from platforms.reddit.api import Page, Thing

Depths = Mapping[str, int | None]
"""Depth in the tree by fullname; a post's is -1, so that its comments' is 0."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Gap:
    """Comments that are there, but not in the answer."""

    parent: str
    """Fullname of what they answer."""
    parent_depth: int | None
    children: Sequence[str] = ()
    """Ids to ask ``morechildren`` for; none = "continue this thread" at ``parent``."""


@dataclass(slots=True)
class Branch:
    """Comments of one answer, parents first, and its gaps."""

    comments: list[Comment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def read_thread(pages: list[Page]) -> tuple[Thing, list[Thing]]:
    """Return the post and the top comments of a thread's two listings.

    Raises:
        ExtractionError: The answer is not a thread.
    """
    if len(pages) != 2 or not pages[0].things or pages[0].things[0].kind != "post":
        raise ExtractionError("the answer holds no post with comments")
    return pages[0].things[0], pages[1].things


def read_branch(things: Sequence[Thing], above: Depths, *, over_18: bool) -> Branch:
    """Flatten ``things``, whether nested (a thread) or flat (``morechildren``).

    Args:
        things: Comments and "more" marks.
        above: Depths of what the first of them may answer.
        over_18: Whether the post is.

    Raises:
        KeyError: A comment lacks a field that every comment has.
    """
    branch, depths = Branch(), dict(above)
    waiting = list(reversed(things))
    while waiting:
        thing = waiting.pop()
        parent = thing.fields["parent_id"]
        parent_depth = -1 if parent.startswith("t3_") else depths.get(parent)
        if thing.kind == "more":
            branch.gaps.extend(_gap(thing, parent, parent_depth))
            continue
        depth = None if parent_depth is None else parent_depth + 1
        branch.comments.append(to_comment(thing.fields, tree_depth=depth, over_18=over_18))
        depths[thing.fields["name"]] = depth
        waiting.extend(reversed(thing.replies))
    return branch


def top_parent(things: Sequence[Thing]) -> str | None:
    """Return the id of the comment above the first one, or ``None`` if the post is above it."""
    parent: str = things[0].fields["parent_id"] if things and things[0].kind == "comment" else ""
    return parent.removeprefix("t1_") if parent.startswith("t1_") else None


def _gap(thing: Thing, parent: str, parent_depth: int | None) -> list[Gap]:
    children = tuple(child for child in thing.fields.get("children") or () if child != "_")
    if not children and not parent.startswith("t1_"):
        return []  # a thread whose comments are all gone: there is nothing to continue
    return [Gap(parent=parent, parent_depth=parent_depth, children=children)]

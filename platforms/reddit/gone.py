"""Which posts and comments Reddit no longer shows: they must be deleted wherever they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from platforms.reddit.items import to_comment, to_post

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from platforms.reddit.api import RedditApi

MOST = 100
"""Fullnames that ``/api/info`` takes at once."""
State = Literal["shown", "gone", "absent", "nameless"]
"""``gone``: deleted by its author, or removed by a moderator or by Reddit. ``absent``: not in the
answer, as of a community that is private or banned. ``nameless``: shown, but its author is not."""


class Checked(NamedTuple):
    """What Reddit says of one thing."""

    fullname: str
    state: State


def check(api: RedditApi, fullnames: Sequence[str]) -> Iterator[Checked]:
    """Ask Reddit about up to ``MOST`` posts (``t3_…``) and comments (``t1_…``).

    Raises:
        CredentialError: Reddit refuses the app's id or secret.
        PlatformUnavailableError: No answer, or one that asks to come back later.
        ExtractionError: The answer is of an unknown shape.
    """
    shown = {thing.fields["name"]: thing for thing in api.info(fullnames)}
    for fullname in fullnames:
        if (thing := shown.get(fullname)) is None:
            yield Checked(fullname, "absent")
            continue
        item = (
            to_post(thing.fields)
            if thing.kind == "post"
            else to_comment(thing.fields, tree_depth=None)
        )
        state: State = "nameless" if item.author is None else "shown"
        yield Checked(fullname, "gone" if item.removed else state)


def is_fullname(text: str) -> bool:
    """Whether ``/api/info`` knows such names."""
    kind, _, key = text.partition("_")
    return kind in ("t1", "t3") and key.isascii() and key.isalnum()


def batched(fullnames: Iterable[str]) -> Iterator[list[str]]:
    """Yield ``MOST`` at once."""
    batch: list[str] = []
    for fullname in fullnames:
        batch.append(fullname)
        if len(batch) == MOST:
            yield batch
            batch = []
    if batch:
        yield batch

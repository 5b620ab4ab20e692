"""Classify chosen items again: they are marked first, so that nothing that is cut off is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from items.annotation import CLASSIFY_VIDEO, PERSON
from pipelines.classify import check_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from items import Item
    from storage import Store

TOLD = 50
"""Items between two tellings."""
Fate = Literal["marked", "by_person", "by_video", "other_kind", "missing"]
"""``by_person``, ``by_video``: what said their category knows more than a look at their words."""


@dataclass(slots=True, kw_only=True)
class Marked:
    """What became of those that were chosen."""

    identities: list[str] = field(default_factory=list)
    """To be classified again; they keep their category until there is an answer."""
    fates: Counter[Fate] = field(default_factory=Counter)
    """How many of each."""


def mark_again(
    store: Store,
    identities: Sequence[str],
    kinds: Sequence[str],
    *,
    progress: Callable[[int], None] = lambda _done: None,
) -> Marked:
    """Mark items as not classified yet, as ``gleanery reenrich`` looks for them.

    Args:
        store: Open.
        identities: Of the chosen ones.
        kinds: Kinds that get classified.
        progress: Told now and then how many are done.

    Raises:
        ConfigError: One of ``kinds`` is none.
        StoreUnavailableError: What was marked stays so; the same call may succeed later.
    """
    wanted, marked = check_kinds(kinds), Marked()
    for number, identity in enumerate(dict.fromkeys(identities), 1):
        fate = _mark(store, identity, wanted)
        marked.fates[fate] += 1
        if fate == "marked":
            marked.identities.append(identity)
        if number % TOLD == 0:
            progress(number)
    return marked


def _mark(store: Store, identity: str, kinds: Collection[str]) -> Fate:
    fate: Fate = "missing"

    def change(item: Item) -> None:
        nonlocal fate
        tools = {annotation.tool for annotation in item.annotations}
        if item.kind not in kinds:
            fate = "other_kind"
        elif PERSON in tools:
            fate = "by_person"
        elif CLASSIFY_VIDEO in tools:
            fate = "by_video"
        else:
            fate, item.classified_at = "marked", None

    return fate if store.update(identity, change) else "missing"

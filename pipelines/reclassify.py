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

BATCH = 200
"""Items marked in one transaction."""
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
    wanted, marked, chosen = check_kinds(kinds), Marked(), list(dict.fromkeys(identities))
    for start in range(0, len(chosen), BATCH):
        fates = _mark(store, chosen[start : start + BATCH], wanted)
        marked.fates.update(fates.values())
        marked.identities += [identity for identity, fate in fates.items() if fate == "marked"]
        progress(start + len(fates))
    return marked


def _mark(store: Store, identities: Sequence[str], kinds: Collection[str]) -> dict[str, Fate]:
    """Mark some; return what became of each."""
    fates: dict[str, Fate] = dict.fromkeys(identities, "missing")

    def change(item: Item) -> None:
        tools = {annotation.tool for annotation in item.annotations}
        if item.kind not in kinds:
            fates[item.identity] = "other_kind"
        elif PERSON in tools:
            fates[item.identity] = "by_person"
        elif CLASSIFY_VIDEO in tools:
            fates[item.identity] = "by_video"
        else:
            fates[item.identity], item.classified_at = "marked", None

    store.update_many(dict.fromkeys(identities, change))
    return fates

"""Ask platforms which stored items they no longer show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from platforms.reddit.gone import batched, check, is_fullname
from platforms.reddit.items import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from items import Item
    from platforms.reddit.api import RedditApi
    from purging.refused import RefusedPlace
    from storage import Store

KINDS = ("post", "comment")


@dataclass(slots=True, kw_only=True)
class Asked:
    """What Reddit said of the stored posts and comments."""

    asked: int = 0
    gone: list[str] = field(default_factory=list)
    """Identities of what was deleted or removed: to be purged."""
    absent: list[str] = field(default_factory=list)
    """Identities of what the answers did not hold."""
    nameless: int = 0
    """Shown without their author: stored items lose theirs."""

    def to_dict(self) -> dict[str, Any]:
        """Return counts, ready for JSON."""
        lengths = {"gone": len(self.gone), "absent": len(self.absent)}
        return asdict(self) | lengths


def ask_reddit(
    api: RedditApi,
    store: Store,
    refused: RefusedPlace,
    *,
    dry_run: bool,
    progress: Callable[[int], None],
) -> Asked:
    """Ask about every stored post and comment of Reddit, a hundred at once; refused ones, too.

    Args:
        api: Of our app.
        store: Open.
        refused: Items that no store would take.
        dry_run: Leave authors as they are.
        progress: Told how many were asked about.

    Raises:
        PlatformError: Reddit refuses us, or does not answer; nothing was purged.
        StoreError: The store is away.
    """
    result = Asked()
    for fullnames in batched(_kept(store, refused)):
        nameless = []
        for fullname, state in check(api, fullnames):
            identity = f"{PLATFORM}:{fullname}"
            result.asked += 1
            if state == "gone":
                result.gone.append(identity)
            elif state == "absent":
                result.absent.append(identity)
            elif state == "nameless":
                nameless.append(identity)
        result.nameless += _lose_authors(store, refused, nameless, dry_run=dry_run)
        progress(result.asked)
    return result


def _kept(store: Store, refused: RefusedPlace) -> Iterator[str]:
    """Yield fullnames: an item that the store has, too, is not asked about twice."""
    alone = (
        row for row in refused.rows() if row["kind"] in KINDS and not store.find(row["identity"])
    )
    for row in chain(store.scan(kinds=KINDS), alone):
        if row["platform"] == PLATFORM and is_fullname(row["external_id"]):
            yield row["external_id"]


def _lose_authors(
    store: Store, refused: RefusedPlace, identities: Sequence[str], *, dry_run: bool
) -> int:
    """Take the names of authors who are gone off items; return how many had one."""
    if not identities:
        return 0
    set_aside = refused.named(identities)
    named = [row["identity"] for row in store.rows(identities) if row["author"] is not None]

    def change(item: Item) -> None:
        item.author = None

    if not dry_run:
        store.update_many(dict.fromkeys(named, change))
        if set_aside:
            refused.lose_authors(set_aside)
    return len(set_aside.union(named))

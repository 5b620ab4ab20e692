"""A purge: work out what goes, remove it everywhere, look everywhere again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from storage.book import TOMBSTONES
from storage.tombstones import AUTHOR, ITEM, bury, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from purging.choice import Choice
    from purging.place import Counts, Place
    from purging.targets import Targets
    from storage import Store
    from storage.store import Row

Progress = Callable[[int, int | None], None]
"""Told how many steps are done, and of how many (``None``: nobody knows)."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found, and what is left of it."""

    items: int = 0
    """All that goes, comments below included."""
    found: dict[str, int] = field(default_factory=dict)
    """By place."""
    left: dict[str, int] = field(default_factory=dict)
    """By place, looked for once more when all was removed; of a dry run, what was found."""
    tombstones: int = 0

    @property
    def proven(self) -> bool:
        """Whether nothing is left anywhere."""
        return not any(self.left.values())

    def add(self, earlier: Report) -> None:
        """Count in what an earlier purge, which was cut short, had found and left."""
        self.items += earlier.items
        self.tombstones += earlier.tombstones
        for part, number in earlier.found.items():
            self.found[part] = self.found.get(part, 0) + number

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"proven": self.proven}


def work_out(
    choice: Choice,
    targets: Targets,
    rows: Iterable[Row],
    places: Sequence[Place],
    progress: Progress,
) -> Report:
    """Find what goes among ``rows``, of all places that keep items, and where it is.

    Raises:
        GleaneryError: A place is away.
    """
    targets.work_out(choice, rows, lambda done: progress(done, None))
    return look(targets, places, progress)


def look(targets: Targets, places: Sequence[Place], progress: Progress) -> Report:
    """Tell where what is on the list is now.

    Raises:
        GleaneryError: A place is away.
    """
    found = _counted(targets, places, progress)
    return Report(items=len(targets), found=found, left=dict(found))


def remove(
    targets: Targets, store: Store, places: Sequence[Place], report: Report, progress: Progress
) -> None:
    """Remove what is on a list that was confirmed, then look for it everywhere again.

    Tombstones come first: what a crawl saves from then on does not bring it back. The list is
    emptied once nothing is left but in exports, which people make again.

    Args:
        targets: What goes.
        store: Open.
        places: In the order in which they are cleared; the store last.
        report: Is brought up to date.
        progress: Told how many places are done, and of how many.

    Raises:
        GleaneryError: A place is away; the next purge goes on.
    """
    report.tombstones += _bury(targets, store)
    for number, place in enumerate(places):
        progress(number, len(places))
        place.remove(targets)
    report.left = _counted(targets, places, progress)
    if not any(number for part, number in report.left.items() if part != "exports"):
        targets.forget()


def forget_tombstones(choice: Choice, store: Store) -> int:
    """Let what is named come back; return how many tombstones there were."""
    return store.book(TOMBSTONES).delete(choice.marks())


def _bury(targets: Targets, store: Store) -> int:
    if (authors := targets.author_marks) is None:
        return 0
    book, number = store.book(TOMBSTONES), len(authors)
    bury(book, authors, AUTHOR)
    for identities in targets.batches():
        bury(book, [mark_of(identity) for identity in identities], ITEM)
        number += len(identities)
    return number


def _counted(targets: Targets, places: Sequence[Place], progress: Progress) -> Counts:
    found: Counts = {}
    for number, place in enumerate(places):
        progress(number, len(places))
        found |= place.count(targets)
    return found

"""The places that hold copies of what items say: exports, and examples that engines learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exports.known import find_items, is_export, mark_stale
from model_server.likeness.forgetting import count_rows, forget_rows
from purging.place import Counts, Place
from purging.targets import text_digest
from storage.book import TOMBSTONES
from storage.tombstones import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exports.known import Hit
    from purging.targets import Targets
    from storage import Store

SHOWN = 1000
"""Places in exports that are told, the first ones."""


class ExportsPlace(Place):
    """Training sets made earlier: items in them are told and the set is marked, nothing is cut.

    What an earlier purge took, by its tombstone, is told again until the set is made anew.
    """

    def __init__(self, folders: Iterable[str], store: Store) -> None:
        """Prepare.

        Args:
            folders: Where exports were made; those that are no longer there count for nothing.
            store: Knows the tombstones.
        """
        self.tombstones = store.book(TOMBSTONES)
        self.folders = [Path(folder) for folder in dict.fromkeys(folders)]
        self.hits: list[Hit] = []
        """What the last count found, ``SHOWN`` of it at most."""

    def count(self, targets: Targets) -> Counts:
        self.hits, found = [], 0
        for hit in self._found(targets):
            found += 1
            if found <= SHOWN:
                self.hits.append(hit)
        return {"exports": found}

    def remove(self, targets: Targets) -> None:
        """Mark exports as stale: whoever made one makes it again."""
        numbers: dict[str, int] = {}
        for hit in self._found(targets):
            numbers[hit.folder] = numbers.get(hit.folder, 0) + 1
        for folder, number in numbers.items():
            mark_stale(Path(folder), number)

    def _found(self, targets: Targets) -> Iterator[Hit]:
        for folder in self.folders:
            if is_export(folder):
                yield from find_items(folder, lambda several: self._gone(targets, several))

    def _gone(self, targets: Targets, identities: Sequence[str]) -> set[str]:
        marks = {mark_of(identity): identity for identity in identities}
        buried = self.tombstones.get([*marks])
        return targets.among(identities) | {marks[mark] for mark in buried}


class ExamplesPlace(Place):
    """Labelled rows of trained profiles (``HOME/profiles``) that say just what an item says."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "profiles"
        self.changed: list[str] = []
        """Profiles whose rows went, as ``NAME@VERSION``."""

    def count(self, targets: Targets) -> Counts:
        return {"profiles": count_rows(self.folder, lambda texts: _said(targets, texts))}

    def remove(self, targets: Targets) -> None:
        self.changed = forget_rows(self.folder, lambda texts: _said(targets, texts))


def _said(targets: Targets, texts: list[str]) -> list[bool]:
    digests = [text_digest(text) for text in texts]
    found = targets.texts_among(digest for digest in digests if digest)
    return [digest in found for digest in digests]

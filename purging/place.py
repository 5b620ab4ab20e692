"""A place where something of an item is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from purging.targets import Targets

Counts = dict[str, int]
"""What was found, by the part of the place where it is."""


class Place(ABC):
    """Whoever keeps something of items has one; doing it twice is as good as once.

    Methods raise what the place itself raises while it is away; the same purge goes on later.
    """

    @abstractmethod
    def count(self, targets: Targets) -> Counts:
        """Look for all that goes; parts that have nothing say 0."""

    @abstractmethod
    def remove(self, targets: Targets) -> None:
        """Remove it."""


class ByIdentity(Place):
    """A place that is asked for some hundred identities at once."""

    @abstractmethod
    def count_some(self, identities: Sequence[str]) -> Counts:
        """Look for some."""

    @abstractmethod
    def remove_some(self, identities: Sequence[str]) -> None:
        """Remove some."""

    def count(self, targets: Targets) -> Counts:
        found: Counts = self.count_some([])
        for identities in targets.batches():
            for part, number in self.count_some(identities).items():
                found[part] = found.get(part, 0) + number
        return found

    def remove(self, targets: Targets) -> None:
        for identities in targets.batches():
            self.remove_some(identities)

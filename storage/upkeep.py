"""What a store does to be kept right: removing items everywhere, mending its halves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from storage.reconciled import Reconciled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Upkeep(ABC):
    """This part of :class:`storage.Store`."""

    @abstractmethod
    def delete(self, identities: Sequence[str]) -> list[str]:
        """Remove items with all that is kept of them; what stands under them stays.

        Document, page as fetched, entry in the catalogue, words of the full text, annotations,
        visits, transcripts, vectors, and the mention as evidence of a proposal. A call that was cut
        short is completed by the same call again.

        Args:
            identities: Some hundreds at once; those that are not there count for nothing.

        Returns:
            Those that were there, in order.

        Raises:
            StoreUnavailableError: Not all were removed; the same call may succeed later.
            StoreError: This account may not delete.
        """

    @abstractmethod
    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        """Look into every table or collection for some items; return how many each has.

        With no identities: count the words of the full text that belong to no item.

        Raises:
            StoreError: The store is away.
        """

    def reconcile(
        self,
        *,
        check: bool = False,
        remove_orphans: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reconciled:
        """Mend a catalogue that does not say what the documents say; harmless while others write.

        A store in one place has nothing to compare.

        Args:
            check: Only count.
            remove_orphans: Remove entries whose document is gone; else they are counted only.
            progress: Called now and then with entries and documents looked at so far.

        Raises:
            StoreError: A server is away; what was mended stays.
        """
        return Reconciled()

"""Counts of the store, for all who look: counted anew in the background where that takes long."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gleanery.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storage import Store, StoreStats

QUICK_SECONDS = 0.03
"""Counting that takes no longer is done for each who asks."""
REST = 20
"""Times as long as the last counting took, until the next one: 5 % of a core at most."""


class Counts:
    """The last counts; methods may be called from any thread."""

    def __init__(self, kinds: Sequence[str]) -> None:
        """Begin with none; ``kinds`` are those that get classified."""
        self._kinds = kinds
        self._kept: Kept[StoreStats] = Kept(lambda t: REST * t if t > QUICK_SECONDS else 0)

    def told(self, store: Callable[[], Store]) -> dict[str, Any]:
        """Return ``StoreStats`` as plain values, and ``counted_at``, ISO 8601, UTC.

        Raises:
            StoreError: It is away, and was when it was last counted.
        """
        made = self._kept.get(lambda: store().stats(classified_kinds=self._kinds))
        at = datetime.fromtimestamp(made.at, UTC).isoformat(timespec="seconds")
        return asdict(made.value) | {"counted_at": at}

    def close(self) -> None:
        """Wait for what is being counted."""
        self._kept.close()

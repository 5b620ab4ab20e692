"""Records that a store keeps beside its items.

What visits found, seeds' yields, seeds that crawls began with, topics, transcripts, vectors of
videos, tombstones, keys of the client API.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

VISITS, SEEDS, TOPICS = "visits", "seed_yields", "topics"
SEEDS_BEGUN = "seeds"
TRANSCRIPTS, VECTORS = "transcripts", "vectors"
DOCUMENT_BOOKS = (TRANSCRIPTS, VECTORS)
"""Large records: where there are both servers, these are in MongoDB."""
TOMBSTONES = "tombstones"
API_KEYS = "api_keys"
BOOKS = (VISITS, SEEDS, SEEDS_BEGUN, TOPICS, *DOCUMENT_BOOKS, TOMBSTONES, API_KEYS)
"""Each is a table, or a collection, of its own."""
MOST = 10_000
"""Records of one item that are read at most."""
Record = dict[str, Any]
"""Plain values, ready for JSON. ``key``: its key; ``group``: what it is listed by; ``at``: an
ISO 8601 instant that it is listed in the order of, or ``None``."""


def family_of(identity: str) -> str:
    """Return the ``group`` of an item's records: an address may be longer than a group may be.

    Raises:
        UnicodeEncodeError: It holds a lone surrogate.
    """
    return sha256(identity.encode()).hexdigest()


class Book(ABC):
    """Records by key. Methods block; errors are those of :meth:`storage.Store.save`."""

    @abstractmethod
    def get(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records of ``keys`` that there are."""

    @abstractmethod
    def change(
        self, keys: Sequence[str], change: Callable[[str, Record | None], Record | None]
    ) -> None:
        """Change records as they are now; nobody else's writing comes in between.

        Args:
            keys: Whose, without repeats.
            change: Gets a key and its record, ``None`` if there is none; returns the new record,
                or ``None`` to leave it as it is. May be called again.
        """

    @abstractmethod
    def listed(
        self, *, group: str | None = None, until: str | None = None, limit: int = 100,
        newest: bool = False,
    ) -> list[Record]:  # fmt: skip
        """Return records that have an ``at``, in its order, by way of an index.

        Args:
            group: Only those of this group.
            until: Only those whose ``at`` is no later.
            limit: How many at most.
            newest: The latest ``at`` first.
        """

    @abstractmethod
    def scan(self) -> Iterator[Record]:
        """Yield every record, in the order of their keys' choice, while others may be writing."""

    @abstractmethod
    def delete(self, keys: Sequence[str]) -> int:
        """Remove records; return how many there were."""

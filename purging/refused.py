"""Items that no store would take, on this machine's disk: ``refused.jsonl`` of each spool."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gleanery.errors import StoreUnavailableError
from gleanery.files import locked
from purging.place import Counts, Place
from storage.spool.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from purging.targets import Targets
    from storage.store import Row

_PLAIN = {"author": None, "kind": "", "platform": "", "text": "", "title": "", "external_id": ""}
"""What a purge asks of an item; one of another version of this program may lack it."""


class RefusedPlace(Place):
    """They wait for a person's decision; the store may never have heard of them.

    All spools of a ``HOME`` are looked into, those of stores that are no longer set, too.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "spool"

    def rows(self) -> Iterator[Row]:
        """Yield them as a store yields its items.

        Raises:
            StoreUnavailableError: A file cannot be read.
        """
        for rows in self._batches():
            yield from rows

    def count(self, targets: Targets) -> Counts:
        found = 0
        for rows in self._batches():
            gone = targets.among([row["identity"] for row in rows])
            found += sum(row["identity"] in gone for row in rows)
        return {"spool/refused": found}

    def remove(self, targets: Targets) -> None:
        self._rewrite(lambda row: None if targets.among([row["identity"]]) else row)

    def named(self, identities: Sequence[str]) -> set[str]:
        """Return those of ``identities`` that are here with an author."""
        wanted = set(identities)
        found = (row for row in self.rows() if row["author"] is not None)
        return {row["identity"] for row in found} & wanted

    def lose_authors(self, identities: set[str]) -> None:
        """Take the names of authors off items."""
        self._rewrite(lambda row: row | ({"author": None} if row["identity"] in identities else {}))

    def _batches(self) -> Iterator[list[Row]]:
        for path in self._files():
            with _translated(path):
                for rows in Refused(path).rows():
                    yield [_PLAIN | row for row in rows]

    def _rewrite(self, change: Callable[[Row], Row | None]) -> None:
        for path in self._files():
            with _translated(path), locked(path.with_name("replay.lock")):
                Refused(path).rewrite(change)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*/refused.jsonl"))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error}") from error

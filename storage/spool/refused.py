"""Items that the store would not take when they were replayed: one line of JSON each."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from items.clock import to_iso, utc_now
from storage.spool.item_bytes import item_to_row, row_to_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from items import Item

TOGETHER = 200
"""Lines that are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """One of them, as it is shown."""

    identity: str
    reason: str
    """The store's own."""
    refused_at: str
    """ISO 8601, UTC."""


class Refused:
    """The file ``refused.jsonl`` of a spool: ``reason``, ``refused_at``, ``item``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, items: Sequence[tuple[Item, str]]) -> None:
        """Write items with the store's reasons to disk.

        Raises:
            OSError: They could not be kept.
        """
        if not items:
            return
        at = to_iso(utc_now())
        lines = [
            json.dumps({"reason": reason, "refused_at": at, "item": item_to_row(item)}) + "\n"
            for item, reason in items
        ]
        with self.path.open("a+b") as file:
            if file.tell() and _last_byte(file.fileno()) != b"\n":  # a crash cut a line short
                file.write(b"\n")
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())

    def count(self) -> int:
        """Return how many are kept."""
        try:
            with self.path.open("rb") as file:
                return sum(1 for _ in file)
        except FileNotFoundError:
            return 0

    def first(self, limit: int) -> list[RefusedItem]:
        """Return the oldest of them; lines that a crash cut short are left out."""
        try:
            with self.path.open("rb") as file:
                return list(islice((read[1] for line in file if (read := _read(line))), limit))
        except FileNotFoundError:
            return []

    def rows(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the items of some lines at once as plain values, with ``identity`` at least.

        Those that this program does not know are among them; lines cut short are not.

        Raises:
            OSError: The file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                while lines := list(islice(file, TOGETHER)):
                    yield [noted["item"] for line in lines if (noted := _noted(line))]
        except FileNotFoundError:
            return

    def rewrite(self, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Change items, or take them out; so go lines that a crash cut short.

        The item of such a line was written again behind it. Nobody else may write meanwhile.

        Args:
            change: Returns what becomes of an item as plain values; ``None`` = it goes.

        Raises:
            OSError: The file could not be written anew; it is as it was.
        """

        def left(lines: list[bytes]) -> Iterator[bytes]:
            for noted in filter(None, map(_noted, lines)):
                if new := change(noted["item"]):
                    yield json.dumps(noted | {"item": new}).encode() + b"\n"

        self._renew(lambda lines: [*left(lines)])

    def take_out(self, identity: str, use: Callable[[list[Item]], int]) -> int:
        """Hand items over, and keep them no more; return how many.

        Nobody else may write meanwhile: the spool's turn must be ours. If we are killed over it
        they are both handed over and still here.

        Args:
            identity: Of those wanted; empty = all.
            use: Takes items, and returns how many of them, from the first on; the others stay.

        Raises:
            OSError: The file could not be written anew; it is as it was.
        """
        return self._renew(lambda lines: _left(lines, identity, use))

    def _renew(self, left_of: Callable[[list[bytes]], list[bytes]]) -> int:
        """Keep of some lines at once what ``left_of`` returns; return how many are gone."""
        beside, gone = self.path.with_name(f".{self.path.name}.new"), 0
        try:
            with self.path.open("rb") as old, beside.open("wb") as new:
                while lines := list(islice(old, TOGETHER)):
                    left = left_of(lines)
                    new.writelines(left)
                    gone += len(lines) - len(left)
                new.flush()
                os.fsync(new.fileno())
        except FileNotFoundError:
            return 0
        beside.replace(self.path)
        return gone


def _left(lines: list[bytes], identity: str, use: Callable[[list[Item]], int]) -> list[bytes]:
    """Hand over what is wanted of some lines; return the others, and what was not taken."""
    found = {number: read[0] for number, line in enumerate(lines) if (read := _read(line))}
    wanted = {n: item for n, item in found.items() if identity in ("", item.identity)}
    taken = set(list(wanted)[: use([*wanted.values()])]) if wanted else set()
    return [line for number, line in enumerate(lines) if number not in taken]


def _noted(line: bytes) -> dict[str, Any] | None:
    try:
        noted: dict[str, Any] = json.loads(line)
        return noted if isinstance(noted["item"]["identity"], str) else None
    except (KeyError, TypeError, ValueError):
        return None


def _read(line: bytes) -> tuple[Item, RefusedItem] | None:
    try:
        row = json.loads(line)
        item = row_to_item(row["item"])
        return item, RefusedItem(
            identity=item.identity, reason=row["reason"], refused_at=row["refused_at"]
        )
    except (KeyError, TypeError, ValueError):
        return None


def _last_byte(descriptor: int) -> bytes:
    return os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1)

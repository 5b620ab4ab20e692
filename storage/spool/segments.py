"""The files of a spool: numbered, each with a mark of its own in its name."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from storage.spool.record import MARK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"(\d{10})-([0-9a-f]{16})\.seg")


class Segment(NamedTuple):
    """One file."""

    number: int
    path: Path
    mark: bytes

    @property
    def size(self) -> int:
        """Bytes; 0 if it is gone."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def segments_in(folder: Path) -> list[Segment]:
    """Return the segments in order; none if there is no such folder."""
    try:
        paths = [*folder.iterdir()]
    except FileNotFoundError:
        return []
    found = [(m, path) for path in paths if (m := _NAME.fullmatch(path.name))]
    return sorted(Segment(int(m[1]), path, bytes.fromhex(m[2])) for m, path in found)


def new_segment(folder: Path, number: int) -> Segment:
    """Return a segment whose file is not there yet."""
    mark = secrets.token_bytes(MARK_BYTES)
    return Segment(number, folder / f"{number:010d}-{mark.hex()}.seg", mark)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Write to disk behind ``offset`` and cut off what was there; all of it or nothing.

    Raises:
        OSError: Nothing was kept.
    """
    is_new = not path.exists()
    with path.open("xb" if is_new else "r+b") as file:
        try:
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(offset)
            raise
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the disk know which files are in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

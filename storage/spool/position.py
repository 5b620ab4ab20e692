"""How far a spool has been replayed: one small file with a checksum."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from gleanery.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


class Position(NamedTuple):
    """Everything before it has been replayed."""

    segment: int = 0
    """Number of the segment."""
    offset: int = 0
    """Bytes of it."""
    records: int = 0
    """Records of it."""


START = Position()


def read_position(path: Path) -> Position:
    """Return what the file says.

    One that is missing or damaged means the beginning: saving items again, in order, is harmless.
    """
    try:
        text, _, check = path.read_text(encoding="ascii").strip().rpartition(" ")
        if int(check, 16) == crc32(text.encode()):
            return Position(*map(int, text.split()))
    except FileNotFoundError:
        return START
    except (ValueError, TypeError):
        pass
    logger.warning("%s is damaged, the replay begins anew", path)
    return START


def write_position(path: Path, position: Position) -> None:
    """Write the file, so that it is there whole after a crash.

    Raises:
        OSError: It cannot be written.
    """
    text = " ".join(map(str, position))
    write_whole(path, f"{text} {crc32(text.encode()):08x}\n".encode())

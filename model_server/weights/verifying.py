"""Whether the files on disk are those of the lock."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from model_server.weights.lock import Weights


class State(StrEnum):
    """What a check of one file found."""

    OK = "ok"
    MISSING = "missing"
    SIZE = "wrong size"
    CHECKSUM = "wrong checksum"
    UNLOCKED = "not locked"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_there(folder: Path, file: Weights) -> bool:
    """Whether a file of that name and size is there; quick, nothing is read."""
    path = folder / file.name
    return path.is_file() and (file.size is None or path.stat().st_size == file.size)


def verify(folder: Path, file: Weights) -> State:
    """Compare one file with the lock, byte by byte.

    Args:
        folder: Of its model.
        file: As locked.
    """
    path = folder / file.name
    if not path.is_file():
        return State.MISSING
    if not file.is_locked:
        return State.UNLOCKED
    if path.stat().st_size != file.size:
        return State.SIZE
    return State.OK if digest_of(path) == file.sha256 else State.CHECKSUM

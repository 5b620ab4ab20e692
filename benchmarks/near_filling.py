"""Fill an index of near-duplicates with a million texts in minutes instead of a quarter of an hour.

Signatures are made on all processors and written in the order of their keys. The rows are those
that ``NearIndex.add`` writes, but for ``twin``, ``likeness`` and the groups, which a check does not
read: a test holds the two against each other.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.near_texts import CHUNK, texts
from quality import NearIndex, fingerprint
from quality.fingerprint import BANDS, HASHES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


SLICE = 500_000
"""Rows written at once."""
_TEXT = "INSERT INTO texts (id, identity, thread, digest, signature) VALUES (?, ?, ?, ?, ?)"
_BAND = "INSERT OR IGNORE INTO bands VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Marks:
    """Of the texts of one chunk that are long enough."""

    places: list[int]
    """In the chunk, from 0 on."""
    digests: list[int]
    signatures: NDArray[np.uint16]
    """Shape ``(n, HASHES)``."""
    bands: NDArray[np.int64]
    """Shape ``(n, BANDS)``."""


def identity(chunk: int, place: int) -> str:
    """Return the identity of a text."""
    return f"t:{chunk * CHUNK + place}"


def fill(path: Path, chunks: int) -> None:
    """Index the texts of the first ``chunks``."""
    began = time.monotonic()

    def told(done: int) -> None:
        if done % max(chunks // 10, 1) == 0:
            say(f"{done * CHUNK:,} signatures", began)

    with multiprocessing.Pool() as pool:
        write(path, pool.imap(marks, range(chunks)), told)
    say("indexed", began)


def write(path: Path, marked: Iterable[Marks], told: Callable[[int], None]) -> None:
    """Write chunks, the first one first, into a new file; ``told`` is told how many are done."""
    with NearIndex(path):  # makes the tables
        pass
    ids, digests, bands = list[int](), list[int](), list[NDArray[np.int64]]()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        for chunk, each in enumerate(marked):
            numbers = [len(ids) + n + 1 for n in range(len(each.places))]
            names = [identity(chunk, place) for place in each.places]
            blobs = [signature.tobytes() for signature in each.signatures]
            db.executemany(_TEXT, zip(numbers, names, names, each.digests, blobs, strict=True))
            ids += numbers
            digests += each.digests
            bands.append(each.bands)
            told(chunk + 1)
        _write_bands(db, np.array(ids), np.array(digests), np.concatenate(bands))
        db.execute("COMMIT")


def marks(chunk: int) -> Marks:
    """Return what the texts of a chunk are recognised by."""
    found = [(n, mark) for n, text in enumerate(texts(chunk)) if (mark := fingerprint(text))]
    return Marks(
        places=[n for n, _ in found],
        digests=[mark.digest for _, mark in found],
        signatures=np.concatenate([mark.signature for _, mark in found]).reshape(-1, HASHES),
        bands=np.array([mark.bands for _, mark in found], np.int64),
    )


def say(what: str, began: float) -> None:
    """Tell how far it is; figures go to stdout, this does not."""
    print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)


def _write_bands(
    db: sqlite3.Connection,
    ids: NDArray[np.int64],
    digests: NDArray[np.int64],
    bands: NDArray[np.int64],
) -> None:
    """Write the bands of each text that is no exact copy of an earlier one, sorted."""
    first = np.sort(np.unique(digests, return_index=True)[1])
    keys, numbers = bands[first].reshape(-1), np.repeat(ids[first], BANDS)
    order = np.argsort(keys, kind="stable")
    for start in range(0, len(order), SLICE):
        part = order[start : start + SLICE]
        db.executemany(_BAND, zip(keys[part].tolist(), numbers[part].tolist(), strict=True))

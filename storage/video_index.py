"""Which videos look alike, over all vectors that the store keeps; held in memory for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from items.video_vector import VideoVector
    from storage.store import Store

    Vectors = NDArray[np.float32]

KEPT_SECONDS = 300.0
"""Time after which the vectors are read anew."""
Ranked = tuple[list[tuple[str, float]], int]
"""Identities and cosines, the most alike first; and how many videos have other vectors."""


class VectorIndex:
    """All vectors as one matrix for each version of an engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = -KEPT_SECONDS
        self._names: dict[str, list[str]] = {}
        self._matrices: dict[str, Vectors] = {}

    def like(self, store: Store, identity: str, limit: int) -> Ranked | None:
        """Return the videos most like one; ``None`` if it has no vector. Blocks."""
        own = [*store.vectors(identity)]
        if not own:
            return None
        asked, version = np.array(own[-1].values, dtype=np.float32), _version(own[-1])
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS:
                self._read(store)
            names = self._names.get(version, [])
            matrix = self._matrices.get(version)
            others = sum(map(len, self._names.values())) - len(names)
        if matrix is None:
            return [], others
        cosines = matrix @ asked
        order = np.argsort(-cosines, kind="stable")[: limit + len(own)]
        rows = [(names[n], round(float(cosines[n]), 4)) for n in order if names[n] != identity]
        return rows[:limit], others

    def _read(self, store: Store) -> None:
        names: dict[str, list[str]] = {}
        rows: dict[str, list[Vectors]] = {}
        for one in store.vectors():
            version = _version(one)
            names.setdefault(version, []).append(one.identity)
            rows.setdefault(version, []).append(np.array(one.values, dtype=np.float32))
        self._matrices = {version: np.stack(some) for version, some in rows.items()}
        self._names, self._read_at = names, time.monotonic()


def _version(one: VideoVector) -> str:
    return f"{one.version}/{len(one.values)}"

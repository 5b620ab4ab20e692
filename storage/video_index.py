"""Which videos look alike, over all vectors that the store keeps; held in memory for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gleanery.kept import Kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from items.video_vector import VideoVector
    from storage.store import Store

    Vectors = NDArray[np.float32]

KEPT_SECONDS = 300.0
"""Time after which the vectors are read anew, in the background."""
Ranked = tuple[list[tuple[str, float]], int]
"""Identities and cosines, the most alike first; and how many videos have other vectors."""


@dataclass(frozen=True, slots=True)
class _Read:
    """All vectors, by version of an engine."""

    names: dict[str, list[str]] = field(default_factory=dict)
    matrices: dict[str, Vectors] = field(default_factory=dict)


class VectorIndex:
    """All vectors as one matrix for each version of an engine."""

    def __init__(self) -> None:
        self._kept: Kept[_Read] = Kept(lambda _: KEPT_SECONDS)

    def like(self, store: Store, identity: str, limit: int) -> Ranked | None:
        """Return the videos most like one; ``None`` if it has no vector. Blocks."""
        own = [*store.vectors(identity)]
        if not own:
            return None
        asked, version = np.array(own[-1].values, dtype=np.float32), _version(own[-1])
        read = self._kept.get(lambda: _read(store)).value
        names, matrix = read.names.get(version, []), read.matrices.get(version)
        others = sum(map(len, read.names.values())) - len(names)
        if matrix is None:
            return [], others
        cosines = matrix @ asked
        order = np.argsort(-cosines, kind="stable")[: limit + len(own)]
        rows = [(names[n], round(float(cosines[n]), 4)) for n in order if names[n] != identity]
        return rows[:limit], others

    def close(self) -> None:
        """Let go of the store."""
        self._kept.close()


def _read(store: Store) -> _Read:
    found = _Read()
    rows: dict[str, list[Vectors]] = {}
    for one in store.vectors():
        version = _version(one)
        found.names.setdefault(version, []).append(one.identity)
        rows.setdefault(version, []).append(np.array(one.values, dtype=np.float32))
    found.matrices.update({version: np.stack(some) for version, some in rows.items()})
    return found


def _version(one: VideoVector) -> str:
    return f"{one.version}/{len(one.values)}"

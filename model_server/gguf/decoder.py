"""Computes tokens of a GGUF model, several sequences in one cache.

In a unified cache a copy of a sequence shares its cells, so a prefix is computed once and every
question goes on from it (``llama_memory_seq_cp``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.gguf.gguf import Gguf, why

T = TypeVar("T")
Logits = NDArray[np.float32]
"""Shape ``(vocabulary,)``; valid until the next call of :meth:`Decoder.decode`."""

_NO_ROOM = 1
"""What ``llama_decode`` returns when the cache is full."""
OUTPUTS = 64
"""Tokens of a batch whose logits are wanted, at most; a large vocabulary takes 1 MB for each."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Settings:
    """How a model is run."""

    cells: int
    """Tokens that the cache holds, of all sequences together."""
    sequences: int
    """Sequences in the cache at most; their numbers begin at 0."""
    batch: int
    """Tokens computed at once at most."""
    threads: int
    swa_full: bool
    """Keep all of a sliding window's past."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Part:
    """Tokens to be added to a sequence."""

    sequence: int
    position: int
    """How many tokens the sequence has already."""
    tokens: Sequence[int]
    """At least one."""


class Decoder:
    """A cache and what fills it; not for two threads at once."""

    def __init__(self, gguf: Gguf, settings: Settings) -> None:
        """Make the cache.

        Raises:
            EngineError: There is no memory for it.
        """
        self.gguf = gguf
        self.settings = settings
        self._library = gguf.library
        wanted = self._library.llama_context_default_params()
        wanted.n_ctx = settings.cells
        wanted.n_batch = wanted.n_ubatch = settings.batch
        wanted.n_seq_max = settings.sequences
        wanted.n_outputs_max = OUTPUTS
        wanted.n_threads = wanted.n_threads_batch = settings.threads
        wanted.swa_full = settings.swa_full
        wanted.kv_unified = True
        self._context: Any = self._library.llama_init_from_model(gguf.model, wanted)
        if self._context is None:
            raise EngineError(f"llama.cpp makes no cache of {settings.cells} tokens: {why()}")
        self._memory = self._library.llama_get_memory(self._context)
        self._batch: Any = self._library.llama_batch_init(settings.batch, 0, 1)

    def close(self) -> None:
        """Free its memory; may be called again."""
        if self._context is not None:
            self._library.llama_batch_free(self._batch)
            self._library.llama_free(self._context)
        self._context = self._batch = None

    def copy(self, sequence: int, to: int) -> None:
        """Let the empty sequence ``to`` begin with all of ``sequence``; takes no cells."""
        self._library.llama_memory_seq_cp(self._memory, sequence, to, -1, -1)

    def forget(self, sequence: int) -> None:
        """Empty a sequence."""
        self._library.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        """Empty all of them."""
        self._library.llama_memory_clear(self._memory, False)

    def decode(
        self, parts: Sequence[Part], read: Callable[[Logits], T], *, every: bool = False
    ) -> list[T]:
        """Add tokens to sequences and read what comes next.

        Args:
            parts: Of different sequences.
            read: Called with the logits after a part's last token.
            every: Read the logits after every token instead; of :data:`OUTPUTS` tokens at most.

        Returns:
            One value per part, in order; with ``every``, one per token.

        Raises:
            EngineError: The cache is full, or llama.cpp failed.
        """
        values: list[T] = []
        rows = [row for part in parts for row in _rows(part, every=every)]
        for start in range(0, len(rows), self.settings.batch):
            values += self._run(rows[start : start + self.settings.batch], read)
        return values

    def _run(
        self, rows: Sequence[tuple[int, int, int, bool]], read: Callable[[Logits], T]
    ) -> list[T]:
        batch = self._batch
        batch.n_tokens = len(rows)
        for n, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[n] = token
            batch.pos[n] = position
            batch.n_seq_id[n] = 1
            batch.seq_id[n][0] = sequence
            batch.logits[n] = wanted
        if status := self._library.llama_decode(self._context, batch):
            reason = "the cache is full" if status == _NO_ROOM else why()
            raise EngineError(f"llama.cpp fails on {len(rows)} tokens ({status}): {reason}")
        return [read(self._logits(n)) for n, row in enumerate(rows) if row[3]]

    def _logits(self, row: int) -> Logits:
        pointer = self._library.llama_get_logits_ith(self._context, row)
        return np.ctypeslib.as_array(pointer, (self.gguf.vocabulary,))


def _rows(part: Part, *, every: bool) -> Iterator[tuple[int, int, int, bool]]:
    """Yield token, position, sequence, and whether its logits are wanted."""
    last = len(part.tokens) - 1
    for n, token in enumerate(part.tokens):
        yield token, part.position + n, part.sequence, every or n == last

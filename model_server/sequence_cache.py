"""What llama.cpp's cache holds: beginnings of prompts, and the questions of the last call.

A sequence is never cut back, only copied and forgotten: that works for every kind of model (a
sliding window has forgotten what a cut would need), and a question is computed the same way every
time, so its answer does not depend on what was asked before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gleanery.errors import EngineError
from model_server.gguf import Gguf, Logits, Part

T = TypeVar("T")
Tokens = tuple[int, ...]

PREFIXES = 6
"""Beginnings that are kept: one a tool."""


@dataclass(slots=True, kw_only=True)
class _Held:
    """A sequence that goes on from a prefix."""

    sequence: int
    tokens: Tokens
    """All of them, the prefix included."""
    cells: int
    """What it takes beyond the prefix."""
    whole: bool
    """Whether the sequence holds just these tokens: then a question may go on from it."""


class SequenceCache:
    """Gives questions their sequences."""

    def __init__(self, gguf: Gguf) -> None:
        self._gguf = gguf
        self._free = list(range(gguf.settings.sequences))
        self._prefixes: OrderedDict[Tokens, int] = OrderedDict()
        self._held: list[_Held] = []

    def run(self, prefix: Tokens, tails: Sequence[Tokens], read: Callable[[Logits], T]) -> list[T]:
        """Compute questions together and read what comes next after each.

        Where all of them go on from questions of the call before, only what is new is computed.

        Args:
            prefix: How all of them begin; may be empty.
            tails: How they go on; at least one token each.
            read: Called with the logits after each.

        Raises:
            EngineError: They do not fit into the cache.
        """
        try:
            parts = self._going_on(prefix, tails)
            if parts is None:
                parts = self._begin(prefix, tails)
            return self._gguf.decode(parts, read)
        except EngineError:
            self._clear()
            raise

    def begin(self, prefix: Tokens, tail: Tokens, *, room: int = 0) -> Part:
        """Return what is to be computed for one question that the caller goes on with itself.

        Args:
            prefix: See :meth:`run`.
            tail: See :meth:`run`.
            room: Tokens that the caller may add.

        Raises:
            EngineError: They do not fit into the cache.
        """
        try:
            (part,) = self._begin(prefix, [tail], room=room)
            self._held[0].whole = False
        except EngineError:
            self._clear()
            raise
        return part

    def _going_on(self, prefix: Tokens, tails: Sequence[Tokens]) -> list[Part] | None:
        """Return what is new in each question; ``None`` if one does not go on from a held one."""
        left = [held for held in self._held if held.whole]
        pairs: list[tuple[_Held, Tokens]] = []
        for tokens in (prefix + tail for tail in tails):
            held = next((h for h in left if _goes_on(tokens, h.tokens)), None)
            if held is None:
                return None
            left.remove(held)
            pairs.append((held, tokens[len(held.tokens) :]))
        self._make_room(sum(len(new) for _, new in pairs), keep=prefix)
        parts = []
        for held, new in pairs:
            parts.append(Part(sequence=held.sequence, position=len(held.tokens), tokens=new))
            held.tokens += new
            held.cells += len(new)
        return parts

    def _begin(self, prefix: Tokens, tails: Sequence[Tokens], *, room: int = 0) -> list[Part]:
        for held in self._held:
            self._forget(held.sequence)
        self._held = []
        source = self._prefix(prefix) if prefix else None
        self._make_room(sum(len(tail) for tail in tails) + room, keep=prefix)
        parts = []
        for tail in tails:
            sequence = self._free.pop()
            if source is not None:
                self._gguf.copy(source, sequence)
            cells = len(tail) + room
            self._held.append(
                _Held(sequence=sequence, tokens=prefix + tail, cells=cells, whole=True)
            )
            parts.append(Part(sequence=sequence, position=len(prefix), tokens=tail))
        return parts

    def _prefix(self, tokens: Tokens) -> int:
        """Return the sequence that holds a prefix, computed the first time."""
        if tokens in self._prefixes:
            self._prefixes.move_to_end(tokens)
            return self._prefixes[tokens]
        if len(self._prefixes) >= PREFIXES:
            self._forget(self._prefixes.popitem(last=False)[1])
        self._make_room(len(tokens), keep=None)
        sequence = self._free.pop()
        self._gguf.decode([Part(sequence=sequence, position=0, tokens=tokens)], lambda _: None)
        self._prefixes[tokens] = sequence
        return sequence

    def _make_room(self, cells: int, *, keep: Tokens | None) -> None:
        """Forget the prefixes that were used longest ago until ``cells`` more fit.

        Raises:
            EngineError: They do not fit without any other prefix.
        """
        while self._used() + cells > self._gguf.settings.cells:
            oldest = next((p for p in self._prefixes if p != keep), None)
            if oldest is None:
                raise EngineError(
                    f"{cells} more tokens do not fit into a cache of {self._gguf.settings.cells}: "
                    "raise the option context"
                )
            self._forget(self._prefixes.pop(oldest))

    def _clear(self) -> None:
        """Forget everything: after a failure nobody knows what the cache holds."""
        for sequence in range(self._gguf.settings.sequences):
            self._gguf.forget(sequence)
        self._free = list(range(self._gguf.settings.sequences))
        self._prefixes.clear()
        self._held = []

    def _used(self) -> int:
        return sum(map(len, self._prefixes)) + sum(held.cells for held in self._held)

    def _forget(self, sequence: int) -> None:
        self._gguf.forget(sequence)
        self._free.append(sequence)


def _goes_on(tokens: Tokens, beginning: Tokens) -> bool:
    return len(tokens) > len(beginning) and tokens[: len(beginning)] == beginning

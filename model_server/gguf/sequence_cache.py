"""What llama.cpp's cache holds: the beginning of a prompt, and the questions of the last call.

The cache is always filled in one order: the prefix, then the questions. Sums of the same numbers in
another order round to another answer, and 4-bit kernels make that visible; so a question gets the
same answer to the last bit whatever was asked before. Sequences are copied and forgotten, never cut
back: a model with a sliding window or a state has forgotten what a cut would need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gleanery.errors import EngineError
from model_server.gguf.decoder import Decoder, Logits, Part

T = TypeVar("T")
Tokens = tuple[int, ...]

_PREFIX = 0
"""Number of its sequence; questions have those after it."""


@dataclass(slots=True, kw_only=True)
class _Held:
    """A sequence that goes on from the prefix."""

    sequence: int
    tokens: Tokens
    """Those after the prefix."""


class SequenceCache:
    """Gives questions their sequences."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self._room = decoder.settings.cells
        self._prefix: Tokens = ()
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
        parts = self._going_on(prefix, tails) or self._begin(prefix, tails)
        try:
            return self.decoder.decode(parts, read)
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
        (part,) = self._begin(prefix, [tail], room=room)
        self._held = []  # nobody knows what the caller adds: no question goes on from it
        return part

    def _going_on(self, prefix: Tokens, tails: Sequence[Tokens]) -> list[Part] | None:
        """Return what is new in each question; ``None`` if one goes on from none of those held."""
        left = list(self._held) if prefix == self._prefix else []
        pairs: list[tuple[_Held, Tokens]] = []
        for tail in tails:
            held = next((h for h in left if _goes_on(tail, h.tokens)), None)
            if held is None:
                return None
            left.remove(held)
            pairs.append((held, tail[len(held.tokens) :]))
        if self._used() + sum(len(new) for _, new in pairs) > self._room:
            return None
        parts = []
        for held, new in pairs:
            position = len(prefix) + len(held.tokens)
            parts.append(Part(sequence=held.sequence, position=position, tokens=new))
            held.tokens += new
        return parts

    def _begin(self, prefix: Tokens, tails: Sequence[Tokens], *, room: int = 0) -> list[Part]:
        need = len(prefix) + sum(len(tail) for tail in tails) + room
        if need > self._room:
            raise EngineError(
                f"{need} tokens do not fit into a cache of {self._room}: raise the option context"
            )
        self._forget()
        if prefix != self._prefix:
            self._clear()
            if prefix:
                part = Part(sequence=_PREFIX, position=0, tokens=prefix)
                self.decoder.decode([part], lambda _: None)
            self._prefix = prefix
        self._held = [_Held(sequence=n, tokens=tail) for n, tail in enumerate(tails, _PREFIX + 1)]
        for held in self._held:
            if prefix:
                self.decoder.copy(_PREFIX, held.sequence)
        return [
            Part(sequence=h.sequence, position=len(prefix), tokens=h.tokens) for h in self._held
        ]

    def _forget(self) -> None:
        """Empty the sequences of questions, those that a caller went on with among them."""
        for sequence in range(_PREFIX + 1, self.decoder.settings.sequences):
            self.decoder.forget(sequence)
        self._held = []

    def _clear(self) -> None:
        """Forget everything: after a failure nobody knows what the cache holds."""
        self.decoder.clear()
        self._prefix = ()
        self._held = []

    def _used(self) -> int:
        return len(self._prefix) + sum(len(held.tokens) for held in self._held)


def _goes_on(tokens: Tokens, beginning: Tokens) -> bool:
    return len(tokens) > len(beginning) and tokens[: len(beginning)] == beginning

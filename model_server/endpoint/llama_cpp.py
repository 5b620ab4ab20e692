"""The exact scores of every label, by the API of llama.cpp's own server.

``/completion`` reports the probabilities that it samples from. With the same bias on the first
token of each label, and no other sampler, these are the model's own over the labels alone: one
token, one answer of 19 numbers, none missing. Tokens are asked of ``/tokenize``, so what a document
says is never read as a special token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import lru_cache

import numpy as np

from model_server.endpoint.answers import UnreadableError, read_probabilities
from model_server.endpoint.asker import Asker, cut_if_too_long
from model_server.endpoint.connection import Body
from model_server.endpoint.routes import BELOW, Route, Scores
from model_server.language.question import Question

BIAS = 100.0
"""Added to the logit of every label: what is left to other tokens is below 1e-20."""
HERE = "\ue000"
"""Stands for the message while a chat template is asked for; of Unicode's private area."""
Template = tuple[str, str]
"""What a chat template puts before and after a message."""


class LlamaCppRoute(Route):
    """Probabilities over the labels alone, with or without the model's chat template."""

    exact = True

    name = "llama.cpp"

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._before = self._after = ""
        self._patient = True
        self._ids = lru_cache(maxsize=1_024)(self._tokenize)

    def in_chat(self, template: Template) -> LlamaCppRoute:
        """Return the route that puts the template around a question; both share their tokens."""
        route = copy(self)
        route._before, route._after = template
        route.name = "llama.cpp-chat"
        return route

    def score(self, question: Question, labels: Sequence[str]) -> Scores:
        tokens = [self._first(label) for label in labels]
        found = cut_if_too_long(question, lambda q: self._probabilities(q, [t for t, _ in tokens]))
        shares = [found.get(number, found.get(piece, 0.0)) for number, piece in tokens]
        floor = math.log(min((s for s in shares if s > 0), default=1.0)) - BELOW
        return np.array([math.log(s) if s > 0 else floor for s in shares])

    def first_token(self, word: str) -> int:
        """See :meth:`Route.first_token`."""
        return self._first(word)[0]

    def offered(self) -> bool:
        """Whether the endpoint has this API and reports what it samples from."""
        question = Question(instructions="", document="One two", answer=" three")
        self._patient = False
        tokens = [self.first_token("four"), self.first_token("food")]
        shares = self._probabilities(question, tokens)
        self._patient = True
        return len(shares) >= len(set(tokens)) and abs(sum(shares.values()) - 1) < 0.01

    def _first(self, word: str) -> tuple[int, str]:
        number, piece = self._ids(f" {word}", start=False)[0]
        return number, piece or f" {word}"

    def _probabilities(self, question: Question, tokens: Sequence[int]) -> dict[int | str, float]:
        body: Body = {
            "prompt": self._prompt(question),
            "n_predict": 1,
            "cache_prompt": True,
            "logit_bias": [[token, BIAS] for token in tokens],
            "n_probs": len(tokens),
            "post_sampling_probs": True,
            "samplers": ["temperature"],
            "temperature": 1.0,
            "repeat_penalty": 1.0,
            "seed": 0,
        }
        return read_probabilities(self._asker.native("/completion", body), self._asker.endpoint.url)

    def _prompt(self, question: Question) -> list[int]:
        """Return the tokens; only the template's own are read as special."""
        parts = [
            self._ids(self._before, special=True, start=True),
            self._ids(question.instructions, start=False),
            self._tokenize(question.document + ("" if self._after else question.answer)),
            self._ids(self._after, special=True, start=False),
            self._ids(question.answer if self._after else "", start=False),
        ]
        return [number for part in parts for number, _ in part]

    def _tokenize(
        self, text: str, *, special: bool = False, start: bool = False
    ) -> list[tuple[int, str]]:
        if not text and not start:
            return []
        body: Body = {"content": text, "add_special": start, "parse_special": special}
        body["with_pieces"] = True
        found = self._asker.native("/tokenize", body, patient=self._patient)
        try:
            return [_token(entry) for entry in found["tokens"]]
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableError(self._asker.endpoint.url, found) from error


def find_template(asker: Asker) -> Template | None:
    """Return what the endpoint's chat template puts around a message; ``None`` = it has none."""
    body = {
        "messages": [{"role": "user", "content": HERE}],
        "chat_template_kwargs": {"enable_thinking": False},
    }
    found = asker.native("/apply-template", body, patient=False)
    prompt = found.get("prompt") if isinstance(found, dict) else None
    if not isinstance(prompt, str) or prompt.count(HERE) != 1:
        return None
    before, after = prompt.split(HERE)
    return before, after


def _token(entry: object) -> tuple[int, str]:
    if isinstance(entry, dict):
        piece = entry.get("piece")
        return int(entry["id"]), piece if isinstance(piece, str) else ""
    return int(str(entry)), ""

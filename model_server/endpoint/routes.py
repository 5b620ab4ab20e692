"""The ways to the score of a label: log-probabilities if they are to be had, else a choice."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_server.endpoint.answers import Top
from model_server.endpoint.asker import Asker
from model_server.endpoint.constraints import Choice
from model_server.endpoint.prompt_form import Form
from model_server.language.question import Question

Scores = NDArray[np.float64]
"""Log-probabilities, one per label."""
BELOW = 0.1
"""How far below the smallest log-probability seen a label is put that is not among the top."""
PICKED = 0.6
"""Share that a label gets which was picked and not scored: about how often small models are right,
so that an answer without a score is never taken for a sure one."""
SHORTEST_START = 3
"""Letters of a token that may stand for the label it begins: fewer begin too many words."""


class Route(ABC):
    """One way."""

    name: str
    """Part of the engine's version: answers of different routes must be told apart."""
    exact: bool
    """Whether scores are the model's own and not made up around a choice."""

    @abstractmethod
    def score(self, question: Question, labels: Sequence[str]) -> Scores:
        """Return a log-probability per label.

        Raises:
            ModelServerError: There is no answer.
        """

    def first_token(self, word: str) -> int | None:
        """Return the token with which ``word`` begins as the next word; ``None`` = unknown."""
        return None


class TopRoute(Route):
    """Log-probabilities of the first token, as far as the endpoint lists them."""

    exact = True

    def __init__(self, asker: Asker, form: Form, number: int) -> None:
        self._asker, self._form, self._number = asker, form, number
        self.name = f"{form.name}-top{number}"

    def score(self, question: Question, labels: Sequence[str]) -> Scores:
        fields = {"max_tokens": 1} | self._form.top(self._number)
        return from_top(self._asker.ask(self._form, question, fields).top, labels)


class PickRoute(Route):
    """The model answers with one of the labels, held to them where the endpoint can do so."""

    exact = False

    def __init__(self, asker: Asker, form: Form, *, name: str, hold: Choice, tokens: int) -> None:
        """Keep the arguments.

        Args:
            asker: Endpoint and model.
            form: Text or chat.
            name: What to call ``hold``.
            hold: What holds the model to the labels.
            tokens: Of the answer, at most; a model that reasons needs many.
        """
        self._asker, self._form, self._hold, self._tokens = asker, form, hold, tokens
        self.name = f"{form.name}-{name}"

    def score(self, question: Question, labels: Sequence[str]) -> Scores:
        fields = {"max_tokens": self._tokens} | self._hold(labels)
        said = self._asker.ask(self._form, question, fields).text
        return from_pick(match(said, labels), len(labels))


def from_top(top: Top, labels: Sequence[str]) -> Scores:
    """Return log-probabilities out of the likeliest tokens.

    A token counts for the label that it is, or that it alone begins; several may (`` Food``,
    ``food``). A label without one is put just below the smallest seen, as it is not above it.
    """
    scores = np.full(len(labels), -math.inf)
    for token, value in top:
        if (place := _stands_for(token, labels)) is not None:
            scores[place] = np.logaddexp(scores[place], value)
    floor = min((value for _, value in top), default=0.0) - BELOW
    scores[np.isneginf(scores)] = floor
    return scores


def from_pick(place: int | None, number: int) -> Scores:
    """Return scores around a choice; all the same where none was made."""
    if place is None or number == 1:
        return np.full(number, -math.log(number))
    scores = np.full(number, math.log((1 - PICKED) / (number - 1)))
    scores[place] = math.log(PICKED)
    return scores


def match(said: str, labels: Sequence[str]) -> int | None:
    """Return which label an answer means: the only one in it, or the first one at its beginning."""
    try:
        found = json.loads(said)
        said = str(next(iter(found.values()))) if isinstance(found, dict) and found else said
    except ValueError:
        pass
    # A letter as a label is no article: only words may be written in any case.
    fold = str.casefold if all(len(label) > 1 for label in labels) else str
    words = "".join(c if c.isalnum() or c in "_-" else " " for c in fold(said))
    padded = f" {' '.join(words.split())} "
    places = {n: padded.find(f" {fold(label)} ") for n, label in enumerate(labels)}
    there = {n: at for n, at in places.items() if at >= 0}
    if len(there) == 1 or 0 in there.values():
        return min(there, key=there.__getitem__)
    return None


def _stands_for(token: str, labels: Sequence[str]) -> int | None:
    word = token.strip(" \t\r\n▁Ġ\"'*")
    if word in labels:
        return list(labels).index(word)
    small = word.casefold()
    if len(small) < SHORTEST_START:
        return None
    begun = [n for n, label in enumerate(labels) if label.casefold().startswith(small)]
    return begun[0] if len(begun) == 1 else None

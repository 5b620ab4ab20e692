"""Does a language model compute what it should? A broken runtime is fast, fluent, and wrong.

A kernel with the wrong activation gave BitNet-b1.58-2B-4T a perplexity of 99.8 in place of 17.1,
and nothing but that figure showed it. So a model finishes sentences whose end everybody knows, by
score, and its surprise at a plain passage is measured where the engine can do so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.language.question import Question

FACTS = (
    ("The capital of France is", ("Paris", "London", "Madrid", "Tokyo")),
    ("The capital of Japan is", ("Tokyo", "Paris", "Berlin", "London")),
    ("Water is made of hydrogen and", ("oxygen", "gold", "wood", "paper")),
    ("The opposite of hot is", ("cold", "seven", "green", "loud")),
    ("Monday, Tuesday, Wednesday, Thursday,", ("Friday", "April", "Winter", "Paris")),
    ("Two plus two equals", ("four", "nine", "banana", "green")),
    ("The sun rises in the", ("east", "soup", "number", "letter")),
    ("Once upon a", ("time", "car", "blue", "six")),
    ("one, two, three, four, five,", ("six", "one", "red", "house")),
    ("He opened the door and walked into the", ("room", "eleven", "quickly", "sang")),
)
"""Beginnings of sentences, and their end first among words that are not; chance gives a quarter."""
FACTS_RIGHT = 7
"""How many must be right: a base model of 270 million parameters knows all of them."""

PASSAGE = (
    "The lighthouse was built in 1857 on the northern end of the island, where the current is "
    "strong and many ships had been lost. For more than a hundred years a keeper and his family "
    "lived in the small house beside the tower. They kept a cow and a few chickens, grew potatoes "
    "and cabbage behind a stone wall, and went to the village by boat once a week when the weather "
    "was good. In 1962 the lamp was changed to electric power, and the last keeper left the "
    "island. The house stood empty until a group of volunteers repaired the roof and opened a "
    "museum, which is now visited by about ten thousand people each year between May and September."
)
"""Plain English, written for this project: no model has learnt it by heart."""

Score = Callable[[Sequence[Question], Sequence[str]], NDArray[np.float64]]


def check_facts(score: Score) -> None:
    """Let a model finish sentences.

    Args:
        score: :meth:`LanguageModel.score`.

    Raises:
        EngineError: Too many are wrong; the message says which.
    """
    wrong = []
    for beginning, ends in FACTS:
        question = Question(instructions="", document="", answer=beginning)
        scores = score([question], ends)[0]
        best = ends[int(np.argmax(scores))] if np.isfinite(scores).all() else "no number"
        if best != ends[0]:
            wrong.append(f"{beginning} {best}")
    if len(wrong) > len(FACTS) - FACTS_RIGHT:
        raise EngineError(
            f"self-test failed, {len(wrong)} of {len(FACTS)} plain sentences end wrongly "
            f"({'; '.join(wrong)}): the weights or their runtime are broken"
        )


def check_perplexity(found: float | None, limit: float) -> None:
    """Refuse a model that plain English surprises.

    Args:
        found: Perplexity of :data:`PASSAGE`; ``None`` = the engine cannot tell.
        limit: At most.

    Raises:
        EngineError: It is higher, or no number.
    """
    if found is not None and not found <= limit:
        raise EngineError(
            f"self-test failed, the perplexity of plain English is {found:.1f}, more than "
            f"max_perplexity ({limit:g}): the weights or their runtime are broken"
        )

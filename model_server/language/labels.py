"""Words that stand for categories: a model scores the first token of each, so these must differ."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

from gleanery.errors import EngineError

FirstToken = Callable[[str], int | None]
"""Word → first token of it as the next word of an answer; ``None`` where nobody knows."""


def choose_labels(wanted: Sequence[Sequence[str]], first_token: FirstToken) -> list[str]:
    """Return one label per entry, no two of which begin with the same token.

    Args:
        wanted: For each entry the words that would do, best first.
        first_token: Of the model's tokenizer. Where it knows nothing, words must differ in their
            first three letters: tokens are seldom shorter.

    Returns:
        In order of ``wanted``: words where all entries find one, else capital letters, else
        numbers.

    Raises:
        EngineError: The tokenizer tells not even these apart.
    """
    alphabets = (
        wanted,
        [[letter] for letter in string.ascii_uppercase[: len(wanted)]],
        [[str(number)] for number in range(1, len(wanted) + 1)],
    )
    for words in alphabets:
        if len(words) == len(wanted) and (found := _distinct(words, first_token)):
            return found
    raise EngineError(
        f"the model's tokenizer gives {len(wanted)} labels the same first tokens: "
        "choose another model, or a taxonomy with fewer categories"
    )


def _distinct(wanted: Sequence[Sequence[str]], first_token: FirstToken) -> list[str]:
    """Return one word of each entry; empty if an entry has none that is unlike those before."""
    taken: set[int | str] = set()
    chosen: list[str] = []
    for words in wanted:
        for word in words:
            start = _start(word, first_token)
            if word and start not in taken:
                taken.add(start)
                chosen.append(word)
                break
        else:
            return []
    return chosen


def _start(word: str, first_token: FirstToken) -> int | str:
    token = first_token(word)
    return word[:3].casefold() if token is None else token

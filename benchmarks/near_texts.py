"""Texts as platforms have them, for the index of near-duplicates; the same ones each time.

Words follow Zipf's law, so texts share phrases that make them candidates of one another, half of
the texts are Korean, half English, of 10 to 150 words. One text in ten is an edited copy of an
earlier one, one in fifty an exact one.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import accumulate

CHUNK = 1000
"""Texts made at once; a copy is of a text of its chunk."""
EXACT = 50
"""One in so many is an exact copy."""
WORDS = 10_000
"""Of each language."""
SYLLABLES = [chr(0xAC00 + 28 * n) for n in range(0, 399, 3)]
LETTERS = "etaoinshrdlucmfw"


@cache
def vocabularies() -> tuple[list[str], list[str]]:
    """Return made-up words, Korean and English."""
    dice = random.Random(19)
    korean = ["".join(dice.choices(SYLLABLES, k=dice.randint(1, 4))) for _ in range(WORDS)]
    english = ["".join(dice.choices(LETTERS, k=dice.randint(2, 9))) for _ in range(WORDS)]
    return korean, english


@cache
def weights() -> list[float]:
    """Return the sums of how often words come, by Zipf's law."""
    return list(accumulate(1 / rank for rank in range(1, WORDS + 1)))


def texts(chunk: int) -> list[str]:
    """Return the ``CHUNK`` texts of one chunk."""
    dice, made = random.Random(chunk), list[str]()
    for number in range(CHUNK):
        if number % EXACT == EXACT - 1:
            made.append(dice.choice(made))
        elif number % 10 == 9:
            made.append(f"[re] {dice.choice(made)}")
        else:
            words, count = dice.choice(vocabularies()), dice.randint(10, 150)
            made.append(" ".join(dice.choices(words, cum_weights=weights(), k=count)))
    return made

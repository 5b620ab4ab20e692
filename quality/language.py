"""How surely a text is in one language, and in which.

Hangul syllables belong to Korean alone, so that a text mostly of them needs no model. All others go
to ``py3langid`` (BSD; naive Bayes over n-grams of bytes, Lui & Baldwin, 2012).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 400
"""Characters that are looked at: more change no answer."""
NO_LANGUAGE = "zxx"
"""ISO 639-2 for text that is no language: key mashing, numbers, code."""
_HANGUL = re.compile(r"[가-힣]")
_LETTER = re.compile(r"[^\W\d_]")


def letters(text: str) -> int:
    """Count letters, of any script."""
    return len(_LETTER.findall(text))


def identify(text: str) -> tuple[str, float]:
    """Return the language (ISO 639) and how sure that is, in [0, 1]; ``""``, 0 without letters."""
    sample = text[:SAMPLE]
    all_letters = letters(sample)
    if not all_letters:
        return "", 0.0
    share = len(_HANGUL.findall(sample)) / all_letters
    if share >= 0.5:
        return "ko", 1.0
    label, sure = _identifier().classify(sample)
    return str(label), min(max(float(sure), 0.0), 1.0)


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import (  # noqa: PLC0415 - reading its model takes a second
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

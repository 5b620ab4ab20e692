"""How many words of a transcript are wrong, when case, punctuation and spelling of titles are not.

Levenshtein's distance in words over the number of words of the reference, summed over all files
(``jiwer``). Korean is written with spaces that people set as they like, so characters are counted
as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SPELLED = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "ok": "okay"}


def word_error_rate(references: Sequence[str], heard: Sequence[str]) -> float:
    """Return errors over words, both summed; may exceed 1. 0 for no words and none heard."""
    import jiwer

    pairs = [(plain(r), plain(h)) for r, h in zip(references, heard, strict=True)]
    if not any(reference for reference, _ in pairs):
        return float(any(said for _, said in pairs))
    return float(jiwer.wer([r for r, _ in pairs], [h for _, h in pairs]))


def character_error_rate(references: Sequence[str], heard: Sequence[str]) -> float:
    """Return the same by characters, spaces left out."""
    spread = [[" ".join(plain(t).replace(" ", "")) for t in texts] for texts in (references, heard)]
    return word_error_rate(*spread)


def plain(text: str) -> str:
    """Return words in lower case, parted by single spaces, without punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("-", " ")
    words = re.sub(r"[^\w\s']|_", "", folded).replace("'", "").split()
    return " ".join(_SPELLED.get(word, word) for word in words)

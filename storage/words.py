"""Full text on servers that know no Korean: the terms of ``storage.bigram``, written in ASCII.

InnoDB leaves out words of fewer than 3 letters and a list of English ones, takes letters outside
its tables for gaps, and MariaDB has no parser for Korean. So every term becomes a word of letters
that any server takes as it is: ``여행`` is ``c5ecd589``, ``the`` is ``__the``. Marks over letters
are left out, as SQLite's index does it (``café`` is found by ``cafe``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from storage.bigram import is_cjk, runs

LONGEST = 80
"""Letters of one word, as InnoDB leaves out longer ones than 84; longer terms are cut."""
TITLE_WEIGHT = 4
"""How often a title counts: the words of a title are written so many times."""
LONGEST_TITLE = 1000
"""Characters; a longer title counts once, as if it were text."""
LONGEST_PAIR = 2
"""Letters of a run that is one pair: whatever has the pair has the run."""
SHORT = 12
"""Letters of what is likely to come again."""
MOST_WORDS = 100_000
"""Words indexed of one item; what comes later is not found."""


def index_words(title: str, text: str) -> str:
    """Return the words to be indexed for an item, parted by spaces."""
    weight = TITLE_WEIGHT if len(title) <= LONGEST_TITLE else 1
    words = " ".join([*_words(title) * weight, *_words(text)])
    return " ".join(words.split(" ", MOST_WORDS)[:MOST_WORDS]) if len(words) > MOST_WORDS else words


def match_words(text: str) -> str:
    """Return the query in boolean mode for items with every word of ``text``; empty if none.

    Of a longer run of Hangul, Kana and Han an item only has all pairs: see :func:`in_a_row`.
    """
    return " ".join(found for run in runs(text) for found in _needed(run))


def in_a_row(text: str) -> list[str]:
    """Return words that stand in a row in what :func:`index_words` gives, for what is to be found.

    An item that has all pairs of a longer run may have them apart. Nothing that begins with a pair
    goes on after it, so only the front needs a gap before it.
    """
    found = [run for run in runs(text) if is_cjk(run) and len(run) > LONGEST_PAIR]
    return [" ".join(map(_ascii, _pairs(run))) for run in dict.fromkeys(found)]


def terms(text: str) -> set[str]:
    """Return the terms of ``text`` as they are, for an index over a list of them."""
    return {term for run in runs(text) for term in _terms(run)}


def needed_terms(text: str) -> tuple[list[str], list[str]]:
    """Return what an item must have to match ``text``: whole terms, and beginnings of terms."""
    whole: set[str] = set()
    heads: set[str] = set()
    for run in runs(text):
        if not is_cjk(run):
            whole.add(_folded(run))
        elif len(run) == 1:
            heads.add(run)
        else:
            whole.update(_pairs(run))
    return sorted(whole), sorted(heads)


def says(title: str, text: str, query: str) -> int:
    """Return how much an item says of ``query``: occurrences, those in the title count more.

    0 if a word is missing.
    """
    total = 0
    for run in runs(query):
        found = TITLE_WEIGHT * _count(run, title) + _count(run, text)
        if not found:
            return 0
        total += found
    return total


def _count(run: str, text: str) -> int:
    found = runs(text)
    if is_cjk(run):
        return sum(other.count(run) for other in found)
    return sum(_folded(other) == _folded(run) for other in found)


def _words(text: str) -> list[str]:
    """Return the words of each piece between spaces that has any.

    What Unicode makes of a character never depends on one beyond a space, so each piece of a text
    can be looked at by itself, and those that come again and again only once.
    """
    found = [_often(piece) if len(piece) <= SHORT else _written(piece) for piece in text.split()]
    return [words for words in found if words]


def _written(piece: str) -> str:
    """Return the words of all runs, parted by spaces."""
    return " ".join(map(_of_run, runs(piece)))


_often = lru_cache(2**15)(_written)
"""Most of what people write is some thousand words."""


def _of_run(run: str) -> str:
    if is_cjk(run):
        codes = _ascii(run)
        pairs = [codes[i : i + 8] for i in range(0, len(codes) - 4, 4)]
        return " ".join([*pairs, codes[-4:]])
    if run.isascii():  # such a run is letters and figures
        return f"__{run}"[:LONGEST]
    return _ascii(_folded(run))


def _needed(run: str) -> list[str]:
    if not is_cjk(run):
        return [f"+{_ascii(_folded(run))}"]
    if len(run) == 1:
        return [f"+{_ascii(run)}*"]
    return [f"+{pair}" for pair in dict.fromkeys(map(_ascii, _pairs(run)))]


def _terms(run: str) -> list[str]:
    return [*_pairs(run), run[-1]] if is_cjk(run) else [_folded(run)]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _folded(run: str) -> str:
    if run.isascii():
        return run
    apart = unicodedata.normalize("NFKD", run)
    return "".join(c for c in apart if unicodedata.category(c) != "Mn") or run


_PLAIN = re.compile(r"[0-9a-z]+")


def _ascii(term: str) -> str:
    """Write ``term`` so that different terms stay different, and heads stay heads."""
    if is_cjk(term):
        return term.encode("utf-16-be").hex()  # four figures for each character: none is beyond
    if _PLAIN.fullmatch(term):
        return f"__{term}"[:LONGEST]
    return (
        "__" + "".join(c if _PLAIN.fullmatch(c) else f"_{ord(c):06x}" for c in term)[: LONGEST - 2]
    )

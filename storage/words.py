"""Full text on servers that know no Korean: the terms of ``storage.bigram``, written in ASCII.

InnoDB leaves out words of fewer than 3 letters and a list of English ones, takes letters outside
its tables for gaps, and MariaDB has no parser for Korean. So every term becomes a word of letters
that any server takes as it is: ``여행`` is ``c5ecd589``, ``the`` is ``__the``. Marks over letters
are left out, as SQLite's index does it (``café`` is found by ``cafe``).
"""

from __future__ import annotations

import re
import unicodedata
from operator import add
from typing import TYPE_CHECKING

from storage.bigram import is_cjk, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 80
"""Letters of one word, as InnoDB leaves out longer ones than 84; longer terms are cut."""
TITLE_WEIGHT = 4
"""How often a title counts: the words of a title are written so many times."""
LONGEST_TITLE = 1000
"""Characters; a longer title counts once, as if it were text."""
LONGEST_PAIR = 2
"""Letters of a run that is one pair: whatever has the pair has the run."""
MOST_WORDS = 100_000
"""Words indexed of one item; what comes later is not found."""


class _Codes(dict[str, str]):
    """Four figures for each character of Hangul, Kana and Han, each written once."""

    def __missing__(self, character: str) -> str:
        code = self[character] = f"{ord(character):04x}"
        return code


_CODES = _Codes()


def index_words(title: str, text: str) -> str:
    """Return the words to be indexed for an item, parted by spaces."""
    weight = TITLE_WEIGHT if len(title) <= LONGEST_TITLE else 1
    words = [*_words(title) * weight, *_words(text)]
    return " ".join(words[:MOST_WORDS])


def match_words(text: str, *, whole: bool = True) -> str:
    """Return the query in boolean mode for items with every word of ``text``; empty if none.

    Args:
        text: What is looked for.
        whole: Runs of three letters and more stand as they are: the server reads every candidate's
            text for that. Else an item only has all their pairs, and :func:`holds` is to be asked.
    """
    return " ".join(found for run in runs(text) for found in _needed(run, whole=whole))


def long_runs(text: str) -> list[str]:
    """Return the runs of ``text`` whose pairs may all be in an item that has not the run itself."""
    return [run for run in runs(text) if is_cjk(run) and len(run) > LONGEST_PAIR]


def holds(said: str, wanted: Sequence[str]) -> bool:
    """Whether a text has all of some :func:`long_runs`."""
    folded = unicodedata.normalize("NFKC", said).lower()
    return all(run in folded for run in wanted)


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
    words: list[str] = []
    for run in runs(text):
        if is_cjk(run):  # most of the work: no loop of ours
            codes = [*map(_CODES.__getitem__, run)]
            words += map(add, codes, codes[1:])
            words.append(codes[-1])
        elif run.isascii():  # such a run is letters and figures
            words.append(f"__{run}"[:LONGEST])
        else:
            words.append(_ascii(_folded(run)))
    return words


def _needed(run: str, *, whole: bool) -> list[str]:
    if not is_cjk(run):
        return [f"+{_ascii(_folded(run))}"]
    if len(run) == 1:
        return [f"+{_ascii(run)}*"]
    pairs = [*map(_ascii, _pairs(run))]
    if whole and len(run) > LONGEST_PAIR:
        return [f'+"{" ".join(pairs)}"']
    return [f"+{pair}" for pair in dict.fromkeys(pairs)]


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
        return "".join(f"{ord(c):04x}" for c in term)
    if _PLAIN.fullmatch(term):
        return f"__{term}"[:LONGEST]
    return (
        "__" + "".join(c if _PLAIN.fullmatch(c) else f"_{ord(c):06x}" for c in term)[: LONGEST - 2]
    )

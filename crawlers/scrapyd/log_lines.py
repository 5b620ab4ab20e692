"""Lines of a log as text, of a level at least, with a text in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[int, str]
"""Where a line begins, in characters, and the line."""
_JSON, _LEVEL = '{"time"', '"level": "'
_BEGIN = re.compile(r"\d{4}-\d\d-\d\d [\d:,.]+ \[[^\]\n]*\] ([A-Z]+): ")


def level_at(said: str, at: int) -> str:
    """Return the level of the line that begins at ``at``; empty = it goes with the one before."""
    if not said.startswith(_JSON, at):
        begin = _BEGIN.match(said, at)
        return begin[1] if begin else ""
    place = said.find(_LEVEL, at, said.find("\n", at) % (len(said) + 1)) + len(_LEVEL)
    return said[place : said.find('"', place)] if place >= len(_LEVEL) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for."""

    levels: tuple[str, ...]
    """Empty = any."""
    text: str
    """Casefolded; empty = any."""

    def rows(self, said: str) -> list[Row]:
        """Return the lines that are looked for, in order; those of ``LOG_FORMAT=json`` as text."""
        # in JSON a word stands as it is, what is around it may not
        word = max(re.findall(r"\w+", self.text), key=len, default="")
        if self.levels:
            found = _ranked(said, self.levels)
        else:
            found = _near(said, word) if word else _lines(said)
        return [
            row
            for at, line in found
            if not word or word in line.casefold()
            for row in _told(at, line)
            if not self.text or self.text in row[1].casefold()
        ]


def _lines(said: str) -> Iterator[Row]:
    at = 0
    for line in said.split("\n"):
        yield at, line
        at += len(line) + 1


def _ranked(said: str, levels: tuple[str, ...]) -> Iterator[Row]:
    """Yield the lines of the levels, each with those after it that have none.

    It goes from one word for a level to the next: to match each of 80,000 lines takes 100 ms.
    """
    words = [form + level for level in levels for form in ("] ", _LEVEL)]
    starts = {said.rfind("\n", 0, at) + 1 for word in words for at in _places(said, word)}
    for start in sorted(starts):
        if level_at(said, start) not in levels:
            continue  # it is said in the text
        at = start
        while at < len(said) and (at == start or not level_at(said, at)):
            end = said.find("\n", at) % (len(said) + 1)
            yield at, said[at:end]
            at = end + 1


def _places(said: str, word: str) -> Iterator[int]:
    """Yield where a word stands."""
    at = -1
    while (at := said.find(word, at + 1)) >= 0:
        yield at


def _near(said: str, word: str) -> Iterator[Row]:
    """Yield the lines that ``word`` is in, and perhaps others."""
    folded = _folded(said, word)
    if len(folded) != len(said):  # some letter became two
        yield from _lines(said)
        return
    at = -1
    while (at := folded.find(word, at + 1)) >= 0:
        start, end = said.rfind("\n", 0, at) + 1, said.find("\n", at) % (len(said) + 1)
        yield start, said[start:end]
        at = end


def _folded(said: str, word: str) -> str:
    """Return ``said`` so that ``word``, which is folded, is found in it.

    Texts with Hangul take 30 times as long to fold as the capitals that a word is about.
    """
    if said.isascii() or word.upper() == word:
        return said.lower() if said.isascii() else said
    if word.isascii():
        return said.encode("utf-8", "surrogateescape").lower().decode("utf-8", "surrogateescape")
    return said.casefold()


def _told(at: int, line: str) -> list[Row]:
    """Return a line of JSON as text, with its traceback below; another one as it is."""
    if not line.startswith(_JSON):
        return [(at, line)]
    try:
        row = json.loads(line)
        when = str(row["time"]).replace("T", " ").rstrip("Z")
        message = " ".join(str(row["message"]).splitlines())
        first = f"{when} [{row['logger']}] {row['level']}: {message}"
        after = str(row.get("exception", "")).splitlines()
    except (ValueError, KeyError, TypeError):
        return [(at, line)]
    # where it is parted, it is looked at again as a whole
    return [(at, first), *((at + len(line) + 1, each) for each in after)]

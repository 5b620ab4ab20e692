"""Extractive titles: the source's own, else the first sentence."""

from __future__ import annotations

import html
import re
import unicodedata

MAX_TITLE = 80
"""Characters of a title at most, the ellipsis of a cut one included."""

LOOK_AT = 4_000
"""Characters of a body that are searched for a first sentence."""

_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]*)>", re.DOTALL)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_LINK = re.compile(r"(?:https?://|www\.(?=\w))[^\s<>()\[\]\"']*", re.IGNORECASE)
_MARKS = re.compile(r"^[#>*\-=_~`|\s]+|[*_~`|#\s]+$|\*\*|__|~~|`+")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_NEWLINE = re.compile(r"[\r\n\u2028\u2029]+")
_END = re.compile(
    r"""
    (?<=[.!?。！？…])["'”’」』)\]]*\s+      # a mark, maybe inside quotes, then space,
        (?!하고|이?라고|이?라며|고\s|며\s)   # unless Korean goes on: "…" 하고 말했다
    | (?<=[。！？])                          # East Asian marks need no space
    | (?<=[다요죠까네군])\s{2,}              # a Korean ending without a mark, then a gap
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|No|Inc|Ltd|Co|etc|Gov|Sen|Rep|Gen)\.)$"
)


def make_title(title: str, text: str) -> str:
    """Return a title of at most :data:`MAX_TITLE` characters, one line, without markup.

    Args:
        title: The source's title, taken if anything is left of it once cleaned.
        text: Body, plain or marked up; only its first :data:`LOOK_AT` characters are read.

    Returns:
        The title or first sentence, trimmed at a word; empty if both are empty.
    """
    if cleaned := clean(title[:LOOK_AT]):
        return shorten(cleaned)
    for line in _NEWLINE.split(_without_markup(text[:LOOK_AT])):
        if cleaned := clean(line):
            return shorten(first_sentence(cleaned))
    return ""


def clean(text: str) -> str:
    """Return ``text`` on one line, without tags, links, entities, Markdown, control characters."""
    plain = _NEWLINE.sub(" ", text)
    # What is taken away may have parted the halves of a link or a tag: go on until nothing changes.
    while (cleaned := _tidy(_without_markup(plain))) != plain:
        plain = cleaned
    return plain


def first_sentence(line: str) -> str:
    """Return ``line`` up to the end of its first sentence, Korean or English."""
    for match in _END.finditer(line):
        sentence = line[: match.end()].strip()
        if has_words(sentence) and not _ABBREVIATION.search(sentence):
            return sentence
    return line.strip()


def has_words(text: str) -> bool:
    """Return whether ``text`` has a letter or a digit."""
    return any(c.isalnum() for c in text)


def shorten(line: str, limit: int = MAX_TITLE) -> str:
    """Return ``line``, cut at the last word that fits in ``limit`` characters with an ellipsis."""
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    if not line[limit - 1].isspace() and " " in head.strip():
        head = head.rsplit(" ", 1)[0]
    head = head.rstrip(" ,;:·-–—")
    while head and unicodedata.combining(line[len(head) : len(head) + 1] or " "):
        head = head[:-1]  # a base letter must not lose its accent
    return f"{head}…"


def _without_markup(text: str) -> str:
    text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    text = _TAG.sub(" ", text)
    text = _MARKDOWN_LINK.sub(r"\1", text)
    return _LINK.sub(" ", text)


def _tidy(line: str) -> str:
    plain = "".join(_visible(c) for c in line)
    words = " ".join(plain.split())
    while (bare := " ".join(_MARKS.sub("", words).split())) != words:
        words = bare
    return words if has_words(words) else ""


def _visible(character: str) -> str:
    """Return a character, a space for a control one, nothing for an invisible one."""
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    keep_joiner = character == "\u200d"  # it holds emoji together
    return character if keep_joiner or kind not in ("Cf", "Cs", "Co", "Cn") else ""

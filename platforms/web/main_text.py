"""The main text of a page: four ways to find it, from the best to the last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import html as lxml_html

from platforms.web.embedded_json import json_text, stated_text
from platforms.web.html_source import LIBRARY_ERRORS, NOT_XML

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.html import HtmlElement

GOOD_LENGTH = 250
"""Characters from which a text is taken without a second opinion (trafilatura's own limit)."""

MIN_LENGTH = 80
"""Characters below which there is nothing to keep; Hangul, kana and Han count double."""

MUCH_LONGER = 1.5
"""The JSON-LD body wins if it is so many times longer: the page shows its text in parts."""

_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af]")
_BLOCKS = ("p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "tr", "br")


@dataclass(frozen=True)
class MainText:
    """A text and what found it."""

    text: str
    extractor: str


def find_main_text(tree: HtmlElement, source: str, url: str) -> MainText | None:
    """Return the main text, or ``None`` if there is none of :data:`MIN_LENGTH`.

    The first way that gives :data:`GOOD_LENGTH` wins; else the longest text of all ways.

    Args:
        tree: The parsed page; not changed.
        source: The page as text.
        url: For log lines of the extractors only.
    """
    best = MainText("", "")
    for name, way in _WAYS.items():
        found = MainText(_tidy(way(tree, source, url)), name)
        if length(found.text) > length(best.text):
            best = found
        if length(best.text) >= GOOD_LENGTH:
            break
    stated = _tidy(stated_text(tree))
    if length(stated) > MUCH_LONGER * length(best.text):
        best = MainText(stated, "json")
    return best if length(best.text) >= MIN_LENGTH else None


def length(text: str) -> int:
    """Return how much ``text`` says, in Latin characters."""
    return len(text) + len(_WIDE.findall(text))


def _trafilatura(tree: HtmlElement, url: str, *, fast: bool) -> str:
    import trafilatura

    try:
        document = trafilatura.bare_extraction(
            tree, url=url, fast=fast, include_comments=False, include_tables=True
        )
    except LIBRARY_ERRORS:
        return ""
    return (getattr(document, "text", None) or "") if document else ""


def _readability(_: HtmlElement, source: str, url: str) -> str:
    import readability

    try:
        summary = readability.Document(source, url=url).summary(html_partial=True)
        tree = lxml_html.fromstring(summary) if summary.strip() else None
    except LIBRARY_ERRORS:  # its own Unparseable is a ValueError
        return ""
    return _block_text(tree) if tree is not None else ""


def _block_text(tree: HtmlElement) -> str:
    for element in tree.iter(*_BLOCKS):
        element.tail = "\n" + NOT_XML.sub(" ", element.tail or "")
        element.text = "\n" + NOT_XML.sub(" ", element.text or "")
    return str(tree.text_content())


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


_WAYS: dict[str, Callable[[HtmlElement, str, str], str]] = {
    "trafilatura-fast": lambda tree, _, url: _trafilatura(tree, url, fast=True),
    "trafilatura": lambda tree, _, url: _trafilatura(tree, url, fast=False),
    "readability": _readability,
    "json": lambda tree, _source, _url: json_text(tree),
}

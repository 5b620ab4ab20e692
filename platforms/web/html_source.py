"""From bytes to a tree: encodings that pages misstate, and limits against hostile pages."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_BYTES = 5_000_000
"""Bytes of a page that are read."""

MAX_TAGS = 30_000
"""Tags that are read: extraction is quadratic in siblings; real pages have 1 to 6 thousand."""

MAX_ATTRIBUTES = 500
"""A tag of so many attributes is dropped: libxml2 is quadratic in them."""

LIBRARY_ERRORS = (
    *(AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    etree.LxmlError,
)
"""What extraction libraries raise on pages that nobody thought of; such a page gives nothing."""

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that a tree takes out of a page, but from nobody else."""

_LONG_TAG = re.compile(r"<[^<>]{5000,}>")

_MULTIBYTE = (
    ("cp949", ("\uac00", "\ud7a3")),
    ("cp932", ("\u3041", "\u30fe")),
    ("euc_jp", ("\u3041", "\u30fe")),
    ("gb18030", ("\u4e00", "\u9fff")),
    ("big5", ("\u4e00", "\u9fff")),
)
"""Encodings tried where the declared one is wrong, and the script that proves a guess right."""

_PROOF = 0.3
"""Share of the non-ASCII characters that must be of that script."""

_SINGLE_BYTE = ("cp125", "iso8859", "iso-8859", "latin", "ascii", "koi8", "mac")


def decode_html(html: bytes, encoding: str | None = None) -> str:
    """Return the page as text, without control characters, within the limits of this module.

    In this order: byte order mark, UTF-16 without one, valid UTF-8 (whatever is declared: text of
    another encoding is never valid UTF-8 by accident), the encoding that the server or the page
    declares if it fits, an East Asian encoding whose script shows, the declared one with
    replacement characters, UTF-8, Windows-1252.

    Args:
        html: What is beyond :data:`MAX_BYTES` is cut.
        encoding: The server's or Scrapy's word.
    """
    text = _decode(html[:MAX_BYTES], encoding).replace("\x00", "")
    return _bounded(NOT_XML.sub(" ", text))


def parse_html(source: str) -> HtmlElement | None:
    """Return the tree of a page, comments removed; ``None`` if it holds no markup at all.

    libxml2 stops at 255 levels of nesting, which bounds every recursion below.
    """
    from trafilatura.utils import load_html

    try:
        tree = load_html(source) if source.strip() else None
    except LIBRARY_ERRORS:
        return None
    return tree if tree is not None and len(tree) else None


def _bounded(source: str) -> str:
    """Return ``source`` cut after :data:`MAX_TAGS`, without tags that are all attributes."""
    tags = islice(re.finditer("<", source), MAX_TAGS, None)
    cut = next((tag.start() for tag in tags), len(source))
    return _LONG_TAG.sub(
        lambda tag: "" if tag[0].count("=") > MAX_ATTRIBUTES else tag[0], source[:cut]
    )


def _decode(html: bytes, encoding: str | None) -> str:
    bom, mark = read_bom(html)
    if bom:
        return html[len(mark or b"") :].decode(bom, "replace")
    wide = _utf16_without_mark(html)
    if wide:
        return html.decode(wide, "replace")
    declared = [e for e in (_known(encoding), html_body_declared_encoding(html)) if e]
    if html.isascii() and declared:  # ISO-2022-JP and HZ are pure ASCII
        return html.decode(declared[0], "replace")
    if _nearly_utf8(html):
        return html.decode("utf-8", "replace")
    return _by_declaration(html, declared)


def _by_declaration(html: bytes, declared: list[str]) -> str:
    shown = _by_script(html)
    for name in declared:
        if name.startswith(_SINGLE_BYTE) and shown is not None:
            continue  # every byte string is Latin-1; the script tells the truth
        text = _strict(html, name)
        if text is not None:
            return text
    if shown is not None:
        return shown
    fallback = next((n for n in declared if n not in ("utf-8", "utf-16")), "cp1252")
    return html.decode(fallback, "replace")


def _by_script(html: bytes) -> str | None:
    for name, (first, last) in _MULTIBYTE:
        text = _strict(html, name)
        if text is None:
            continue
        foreign = [c for c in text if c > "\x7f"]
        if foreign and sum(first <= c <= last for c in foreign) >= _PROOF * len(foreign):
            return text
    return None


def _strict(html: bytes, encoding: str) -> str | None:
    """Decode; a cut last character and one stray byte in 10,000 are forgiven."""
    try:
        text = html.decode(encoding, "replace")
    except LookupError:
        return None
    return text if text.count("\ufffd") <= 1 + len(html) // 10_000 else None


def _nearly_utf8(html: bytes) -> bool:
    text = html.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return bad == 0 or bad * 50 < len(html) - len(text)


def _utf16_without_mark(html: bytes) -> str | None:
    head = html[:64]
    if head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _known(encoding: str | None) -> str | None:
    return resolve_encoding(encoding) if encoding else None

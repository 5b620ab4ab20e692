"""The language of a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CODE = re.compile(r"^([a-z]{2})(?:[-_].*)?$")
_SCRIPTS = {
    "ko": re.compile(r"[\uac00-\ud7a3]"),
    "ja": re.compile(r"[\u3041-\u30fa]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
}
"""Scripts that point at one language; Cyrillic, Arabic and Devanagari at its most common one."""

_SHARED = {"ru": {"uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"}, "ar": {"fa", "ur", "ps"}}
_SHARED |= {"hi": {"mr", "ne", "sa"}, "he": {"yi"}}
_SHARE = 0.3


def language_of(tree: HtmlElement, meta: dict[str, str], text: str) -> str | None:
    """Return the ISO 639-1 code of a page.

    The page states it (``<html lang>``, ``og:locale``, ``content-language``); where the script of
    its text contradicts, as on Korean pages built from an English template, the script is believed.

    Args:
        tree: The parsed page.
        meta: ``<meta>`` contents by lower-case name.
        text: Its main text.
    """
    root = tree.getroottree().getroot()
    names = (root.get("lang"), root.get("xml:lang"), meta.get("og:locale"))
    languages = (code(n) for n in (*names, meta.get("content-language"), meta.get("language")) if n)
    stated = next((c for c in languages if c), None)
    shown = language_of_script(text)
    if shown is None or stated in _SHARED.get(shown, ()):
        return stated
    return shown


def code(name: str) -> str | None:
    """Return the two letters of a language tag such as ``ko-KR``, or ``None``."""
    match = _CODE.match(name.strip().lower())
    return match[1] if match else None


def language_of_script(text: str) -> str | None:
    """Return the language whose script makes up 30 % of the letters; kana decide for Japanese."""
    head = text[:5000]
    letters = sum(c.isalpha() for c in head)
    if not letters:
        return None
    shares = {name: len(p.findall(head)) / letters for name, p in _SCRIPTS.items()}
    if shares["ja"] > 0.05 and shares["ja"] > shares["ko"]:
        return "ja"
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _SHARE else None

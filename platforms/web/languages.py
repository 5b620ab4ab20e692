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

_COMMON_WORDS = {
    "en": "the and of to in that is was for with",
    "de": "der die und das den nicht mit von ist auf",
    "fr": "le les des et une est dans pour que qui",
    "es": "el los las una del por con para que es",
    "it": "il di che una per con non sono della nel",
    "pt": "os uma do da em para com não que mais",
    "nl": "het een van en dat niet zijn met voor op",
    "tr": "bir ve bu için ile da olarak daha çok gibi",
    "vi": "và của các là được trong cho không một có",
    "id": "yang dan di dengan untuk dari ini pada adalah tidak",
}
_COMMON_SETS = {name: frozenset(words.split()) for name, words in _COMMON_WORDS.items()}
_WORD_SHARE = 0.12


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
    if shown is None and stated is None:
        return language_of_words(text)
    if shown is None or stated in _SHARED.get(shown, ()):
        return stated
    return shown


def language_of_words(text: str) -> str | None:
    """Return the language whose ten commonest words make up 12 % of the first 500 words."""
    words = text.lower().split()[:500]
    shares = {name: sum(w in own for w in words) for name, own in _COMMON_SETS.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= max(3, _WORD_SHARE * len(words)) else None


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

"""The part of a document that says what it is about."""

from __future__ import annotations

import re

from model_server.schema import Document
from model_server.titles import clean

_HANGUL = re.compile(r"[가-힣ㄱ-ㆎᄀ-ᇿ]")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
KOREAN_SHARE = 0.2
"""Share of Hangul among its letters that makes a text Korean: foreign names stay Latin in it."""


def lead(document: Document, limit: int) -> str:
    """Return title and beginning of the text, on one line, without markup and links.

    Args:
        document: With a text or a title.
        limit: Characters of the answer at most. The cost of most models grows with them.

    Returns:
        Never empty, unless nothing but control characters came in.
    """
    title = clean(document.title)
    text = clean(document.text[: 4 * limit])
    joined = text if not title or text.startswith(title) else f"{title} {text}".strip()
    raw = f"{document.title} {document.text}"[:limit]  # a lone link or emoji is better than nothing
    return joined[:limit] or _UNSPEAKABLE.sub(" ", raw).strip()


def is_korean(text: str) -> bool:
    """Return whether ``text`` is written in Korean; what sources state is less reliable."""
    return len(_HANGUL.findall(text)) > KOREAN_SHARE * max(1, len(_LETTER.findall(text)))

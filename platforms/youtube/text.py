"""Small readings that both back-ends share."""

from __future__ import annotations

import re

_LINK = re.compile(r"https?://[^\s<>\"'）」】]+")


def links_in(text: str) -> list[str]:
    """Return the addresses in a text, in order, without repeats and closing punctuation."""
    return list(dict.fromkeys(link.rstrip(".,;:!?)]}*") for link in _LINK.findall(text)))


def licence_key(text: str | None) -> str | None:
    """Return ``creative_commons`` or ``youtube``; ``None`` where nothing is stated.

    The API says ``creativeCommon``; the page has a row only for Creative Commons.
    """
    if not text:
        return None
    plain = text.lower().replace(" ", "")
    return "creative_commons" if "creativecommon" in plain else "youtube"


def language_code(tag: str | None) -> str | None:
    """Return the ISO 639 code at the head of a language tag (``en-GB`` → ``en``)."""
    return tag.replace("_", "-").split("-")[0].lower() if tag and tag != "zxx" else None


def whole(value: object) -> int | None:
    """Return a count as a whole number; ``None`` for none or something else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(float(value)) if not isinstance(value, int) else value
    except ValueError:
        return None

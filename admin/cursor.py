"""Where a page of items ended, as an address carries it."""

from __future__ import annotations

import re

from fastapi import HTTPException

from storage.item_filter import Place


def write_cursor(place: Place | None) -> str:
    """Return a place as text; nothing for none."""
    return f"{place.number}_{place.instant}" if place else ""


def read_cursor(text: str) -> Place | None:
    """Return the place that ``text`` names.

    Raises:
        HTTPException: 422, it names none.
    """
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})_([0-9T:.+Z-]{0,40})", text)
    if not found:
        raise HTTPException(422)
    return Place(instant=found[2], number=int(found[1]))

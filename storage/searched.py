"""What full-text search reads of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.store import Row

_HEARD = "transcribe"
"""Tool whose answers hold all that is said in an item's sounds."""


def title_of(row: Row) -> str:
    """Return what counts more."""
    return " ".join(filter(None, (row["title"], row["headline"])))


def text_of(row: Row) -> str:
    """Return the text, and what is said in the item's sounds."""
    heard = [a["value"] for a in row["annotations"] if a["tool"] == _HEARD]
    heard += [other for value in heard for other in value.get("others", ())]
    return "\n".join([row["text"], *(str(value.get("text", "")) for value in heard)])

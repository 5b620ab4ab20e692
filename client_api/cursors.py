"""Cursors: where a page ended, for the client to hand back as it is.

They hold no secret and grant nothing, so they are not signed: a cursor is read strictly, and goes
on only with the very filters it was given for, whichever replica reads it.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from client_api.problems import ProblemError
from items.clock import from_iso
from storage import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 512


def write_cursor(place: Place | None, asked: Mapping[str, object]) -> str | None:
    """Return the cursor of a place in the answer to what was asked."""
    if place is None:
        return None
    text = json.dumps([_mark(asked), place.instant, place.number], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, asked: Mapping[str, object]) -> Place | None:
    """Return the place that :func:`write_cursor` wrote down.

    Raises:
        ProblemError: It is none of ours, or was given for other filters.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        mark, instant, number = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        if instant != "":
            from_iso(instant)
        if type(number) is not int or not 0 <= number < 2**63:
            raise ValueError("no number")  # noqa: TRY301
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ProblemError(422, "cursor: none of ours (잘못된 커서입니다).") from None
    if mark != _mark(asked):
        raise ProblemError(422, "cursor: it goes on with the filters it was given for only.")
    return Place(instant, number)


def _mark(asked: Mapping[str, object]) -> str:
    text = json.dumps(sorted((k, str(v)) for k, v in asked.items() if v is not None))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

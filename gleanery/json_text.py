"""JSON by msgspec, several times as fast as ``json``, which still does what msgspec refuses."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def read_json(text: str) -> Any:
    """Read what ``json.dumps`` wrote: ``NaN`` and halves of surrogate pairs, too.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return json.loads(text)


def write_json(value: Any) -> bytes:
    """Write plain values without spaces, as UTF-8; ``?`` for halves of surrogate pairs.

    ``NaN`` and infinities become null: JSON has none.
    """
    try:
        return _encode(value)
    except UnicodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")

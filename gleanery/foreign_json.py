"""JSON that others wrote: what comes out can be encoded, whatever they put into it."""

from __future__ import annotations

import json
import re
from typing import Any

_MAYBE_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def read_foreign(body: str | bytes, *, strict: bool = True) -> Any:
    """Read JSON; halves of surrogate pairs, which no encoding takes, are left out.

    Args:
        body: As it came; bytes in UTF-8, -16 or -32.
        strict: Whether control characters in texts are refused, as JSON asks.

    Raises:
        ValueError: It is not JSON, or in no such encoding.
        RecursionError: It is nested too deeply.
    """
    if isinstance(body, bytes):
        body = body.decode(json.detect_encoding(body), "surrogatepass")
    body = body.removeprefix("\ufeff")
    value = json.loads(body, strict=strict)
    if _MAYBE_HALF.search(body):
        written = json.dumps(value, ensure_ascii=False)
        value = json.loads(written.encode("utf-8", "ignore"), strict=strict)
    return value

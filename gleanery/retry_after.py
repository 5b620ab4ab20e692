"""The header ``Retry-After`` (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(text: str) -> float | None:
    """Read seconds or an HTTP date; ``None`` for neither, 0 for a date that is past."""
    text = text.strip()
    try:
        return max(0.0, float(text))  # some send a fraction
    except ValueError:
        pass
    try:
        instant = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())

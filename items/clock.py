"""Instants: aware, UTC, written as ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


def utc_now() -> datetime:
    """Return the present instant in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def to_utc(value: datetime) -> datetime:
    """Return ``value`` in UTC; a naive one is taken as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def from_timestamp(seconds: float | None) -> datetime | None:
    """Return the instant ``seconds`` after the epoch, or ``None`` for none or a senseless one."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


@overload
def to_iso(value: datetime) -> str: ...
@overload
def to_iso(value: None) -> None: ...
def to_iso(value: datetime | None) -> str | None:
    """Write an instant, e.g. ``2026-11-23T01:02:03+00:00``."""
    return None if value is None else to_utc(value).isoformat()


def from_iso(text: str | None) -> datetime | None:
    """Read an instant.

    Raises:
        ValueError: ``text`` is not ISO 8601.
    """
    return to_utc(datetime.fromisoformat(text)) if text else None

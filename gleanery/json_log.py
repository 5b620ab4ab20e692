"""Log records as JSON: one object a line, whatever stands in a message."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ITEM: ContextVar[str] = ContextVar("item", default="")
"""Identity of the item that the running task is at; log lines in JSON name it."""
FACTS: dict[str, str] = {}
"""What all lines of this process have in common: ``job``, ``crawl``; :func:`note_facts`."""

# What ends a line for some reader, moves a terminal's cursor, turns text around, or is no UTF-8.
_UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def note_facts(**facts: str) -> None:
    """Have all lines from now on carry ``facts``; an empty one is left out."""
    FACTS.update({name: value for name, value in facts.items() if value})


def surroundings() -> dict[str, str]:
    """Return ``item``, ``trace_id`` and ``span_id`` of the running task, those there are."""
    found = {"item": item} if (item := ITEM.get()) else {}
    # without an SDK there is no span, and nothing to import
    if "opentelemetry.sdk.trace" in sys.modules:
        from opentelemetry.trace import (  # noqa: PLC0415
            format_span_id,
            format_trace_id,
            get_current_span,
        )

        context = get_current_span().get_span_context()
        if context.is_valid:
            found["trace_id"] = format_trace_id(context.trace_id)
            found["span_id"] = format_span_id(context.span_id)
    return found


def to_line(
    record: logging.LogRecord, message: str, more: dict[str, str], redact: Callable[[str], str]
) -> str:
    """Return a record as JSON without a line break.

    Args:
        record: Says time, level, logger; ``extra={"fields": {…}}`` of plain values goes into
            ``fields``, ``extra={"spider": …}`` into ``spider``.
        message: Its text.
        more: Further fields, e.g. of :func:`surroundings`; they win over :data:`FACTS`.
        redact: Takes secrets out of every text.
    """
    at = datetime.fromtimestamp(record.created, UTC)
    row: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": message,
        **FACTS,
        **more,
    }
    if spider := getattr(record, "spider", None):
        row["spider"] = str(getattr(spider, "name", spider))
    row |= _of_arguments(record)
    row = {name: redact(str(value)) for name, value in row.items()}
    if isinstance(fields := getattr(record, "fields", None), dict):
        row["fields"] = {
            str(name): redact(value) if isinstance(value, str) else value
            for name, value in fields.items()
        }
    return write_line(row)


def write_line(row: dict[str, Any]) -> str:
    """Return JSON on one line, Hangul readable, control characters escaped."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _of_arguments(record: logging.LogRecord) -> dict[str, str]:
    """Return the item that ``crawlers.log_formatter`` names among a line's arguments."""
    arguments = record.args
    if isinstance(arguments, dict) and isinstance(arguments.get("identity"), str):
        return {"item": arguments["identity"]}
    return {}

"""What the sample world's sites are asked, and what they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, taken apart."""

    method: str
    path: str
    """Without query, percent-decoded, without a slash at the end."""
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    """Fields of an urlencoded body."""
    authorization: str = ""
    api_key: str = ""
    """From the header ``X-Goog-Api-Key``."""
    base: str = ""
    """Scheme, host and port that the request came to."""

    @property
    def parts(self) -> list[str]:
        """The segments of the path."""
        return [part for part in self.path.split("/") if part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response."""

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Answer with ``value`` as JSON."""
    return Answer(
        body=json.dumps(value, ensure_ascii=False).encode(),
        status=status,
        content_type="application/json; charset=UTF-8",
        headers=headers or {},
    )


def page_of(rows: list[Any], start: int, size: int) -> tuple[list[Any], int | None]:
    """Return up to ``size`` rows from ``start``, and where the next page starts, if one follows."""
    end = start + size
    return rows[start:end], end if end < len(rows) else None

"""The scripts that run inside Redis, with what they share."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("scripts")
ALLOW_OOM = "#!lua flags=allow-oom\n"
"""Begins a script that runs though ``maxmemory`` is reached; from Redis 7 on, and Valkey."""


def script(*parts: str) -> str:
    """Return a script that moves requests, after ``prelude.lua``, whose names it uses."""
    return "\n".join(
        (_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in ("prelude", *parts)
    )

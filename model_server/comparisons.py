"""Comparisons of engines that were made, kept as JSON: which engine was the better one, when."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError
from gleanery.files import write_whole
from items.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from model_server.compare import Comparison

FOLDER = "compare"
"""In ``HOME``."""
KEPT = 100
"""The newest ones; older files are removed."""


def keep_comparison(home: Path, comparison: Comparison, *, data: str) -> Path:
    """Keep a comparison; ``data`` is what the rows are called.

    Raises:
        ConfigError: It cannot be written.
    """
    at = utc_now()
    path = home / FOLDER / f"{at:%Y%m%dT%H%M%S%fZ}.json"
    told = asdict(comparison) | {"at": at.isoformat(timespec="seconds"), "data": data}
    del told["confusion"]
    try:
        write_whole(path, json.dumps(told, ensure_ascii=False).encode())
        for old in _files(home)[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}") from error
    return path


def comparisons(home: Path, limit: int = 20) -> list[dict[str, Any]]:
    """Return comparisons that were kept, the newest first; files that are none are left out."""
    found = []
    for path in _files(home)[:limit]:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and {"at", "engines", "recommended", "reason"} <= told.keys():
            found.append(told)
    return found


def _files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("*.json"), reverse=True)

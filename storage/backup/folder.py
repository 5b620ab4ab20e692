"""A backup on disk: a folder named by its time, with a manifest of checksums written last.

``20261126T031500Z/{manifest.json, mysql.sql.gz, mongodb/*.bson.gz, redis.rdb, sqlite/*.db}``. Until
all of it is there and on the disk, its name begins with ``.partial-``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gleanery.errors import StoreError
from gleanery.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Writer = Callable[[Path], dict[str, int]]

MANIFEST = "manifest.json"
_PARTIAL = ".partial-"
_NAME = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a backup has of one place."""

    name: str
    counts: dict[str, int]
    """Rows of each table, documents of each collection, keys …; empty where nobody counted."""


def write_backup(folder: Path, writers: Mapping[str, Writer]) -> Path:
    """Write one backup.

    Args:
        folder: Of all backups; made if it is missing, closed to others.
        writers: What writes each part into a folder and tells what it counted.

    Returns:
        The folder of the new one.

    Raises:
        StoreError: A part failed; then nothing of this backup stays.
    """
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder.mkdir(parents=True, exist_ok=True)
    partial, whole = folder / f"{_PARTIAL}{name}", folder / name
    try:
        partial.mkdir(mode=0o700)
        counts = {part: writer(partial) for part, writer in writers.items()}
        files = {path: _facts(partial / path) for path in _paths(partial)}
        manifest = {"made_at": name, "parts": counts, "files": files}
        write_whole(partial / MANIFEST, json.dumps(manifest, indent=1).encode(), private=True)
        partial.rename(whole)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StoreError(f"{folder}: {error} (백업을 쓸 수 없습니다)") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return whole


def open_backup(folder: Path) -> list[Part]:
    """Return what a backup holds, once every byte of it has been checked.

    Raises:
        StoreError: It is no complete backup, or a file is missing or another one.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder} is no complete backup (완전한 백업이 아닙니다)") from error
    for path, facts in manifest["files"].items():
        if not (folder / path).is_file() or _facts(folder / path) != facts:
            raise StoreError(f"{folder / path}: damaged or missing (손상되었거나 없습니다)")
    return [Part(name=name, counts=counts) for name, counts in manifest["parts"].items()]


def complete(folder: Path) -> list[Path]:
    """Return the backups in a folder, oldest first; those that were broken off are none."""
    if not folder.is_dir():
        return []
    return sorted(
        p for p in folder.iterdir() if _NAME.fullmatch(p.name) and (p / MANIFEST).is_file()
    )


def thin_out(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` backups, and remains of broken ones; return what went."""
    gone = complete(folder)[:-keep] if keep else []
    gone += [p for p in folder.iterdir() if p.name.startswith(_PARTIAL)]
    for path in gone:
        shutil.rmtree(path)
    return gone


def _paths(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}

"""The embedded files: items, jobs, users, work, each of one moment, while others write."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from gleanery.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "sqlite"


def write(folder: Path, home: Path, store_file: Path) -> dict[str, int]:
    """Copy every database of ``home``, frontiers included; return the bytes of each.

    Args:
        folder: Of the backup.
        home: ``HOME``.
        store_file: The store, which may be elsewhere; it is called ``gleanery.db`` in the backup.

    Raises:
        StoreError: A file is no database.
    """
    found = {str(p.relative_to(home)): p for p in (*home.glob("*.db"), *home.glob("frontier/*.db"))}
    if store_file.is_file():
        found["gleanery.db"] = store_file
    sizes = {}
    for name, path in sorted(found.items()):
        copy = folder / FOLDER / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error} (백업할 수 없습니다)") from error
        sizes[name] = copy.stat().st_size
    return sizes


def restore(folder: Path, home: Path, store_file: Path, *, replace: bool) -> None:
    """Lay the files back; nothing of ours may run meanwhile.

    Raises:
        StoreError: One is there already and ``replace`` is not given.
    """
    place = folder / FOLDER
    pairs = [(p, home / p.relative_to(place)) for p in sorted(place.rglob("*.db"))]
    pairs = [(p, store_file if p.name == "gleanery.db" else target) for p, target in pairs]
    if (there := [t for _, t in pairs if t.exists()]) and not replace:
        raise StoreError(f"{there[0]} is there already; --replace (이미 있습니다)")
    for path, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        for beside in ("-wal", "-shm"):  # of the file that goes
            target.with_name(target.name + beside).unlink(missing_ok=True)
        shutil.copyfile(path, target)

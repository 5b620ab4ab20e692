"""The media store in a folder: a disk, or a volume that several machines share."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from media.store import CHUNK, KEY, SHARD, Entry, MediaStore, check_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FolderMedia(MediaStore):
    """Files are written in ``<root>/tmp``, reach the disk, then get their name by a rename."""

    def __init__(self, root: Path, *, max_bytes: int = 0) -> None:
        super().__init__(str(root), max_bytes=max_bytes)
        self.root = root
        self._partial = root / "tmp"

    def open(self, key: str) -> BinaryIO:
        with self._translated():
            try:
                return self._path(key).open("rb")
            except FileNotFoundError as error:
                raise self._missing(key) from error

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if self.find(key) is None:
            raise self._missing(key)
        yield path

    def find(self, key: str) -> Entry | None:
        with self._translated():
            try:
                found = self._path(key).stat()
            except FileNotFoundError:
                return None
        return Entry(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: str, *, unless_since: datetime | None = None) -> bool:
        path = self._path(key)
        aside = self._new_partial()
        with self._translated():
            try:
                # Taken away before its age is read: a writer that renews it now finds it gone and
                # writes it anew, one that renewed it a moment ago has left the new time on it.
                path.replace(aside)
            except FileNotFoundError:
                return False
            if unless_since and aside.stat().st_mtime >= unless_since.timestamp():
                aside.replace(path)
                return False
            aside.unlink(missing_ok=True)
        return True

    def scan(self) -> Iterator[Entry]:
        with self._translated():
            shards = sorted(p.name for p in _children(self.root) if SHARD.fullmatch(p.name))
        for shard in shards:
            with self._translated():
                names = sorted(p.name for p in _children(self.root / shard))
            for name in names:
                if KEY.fullmatch(name) and (entry := self.find(name)):
                    yield entry

    def sweep_partial(self, before: datetime, *, dry_run: bool = False) -> int:
        number = 0
        with self._translated():
            for path in _children(self._partial):
                with suppress(FileNotFoundError):  # its writer has just finished
                    if path.stat().st_mtime < before.timestamp():
                        number += 1
                        if not dry_run:
                            path.unlink()
        return number

    def _renew(self, key: str, size: int) -> bool:
        path = self._path(key)
        with self._translated():
            try:
                if path.stat().st_size != size:
                    return False
                os.utime(path)
            except FileNotFoundError:
                return False
        return True

    def _write(self, key: str, path: Path, *, move: bool) -> None:
        beside = self._new_partial()
        with self._translated(), _removed_on_error(beside):
            if not move or not _moved(path, beside):
                _copy(path, beside)
            self._publish(beside, key)

    def _write_bytes(self, key: str, data: bytes) -> None:
        beside = self._new_partial()
        with self._translated(), _removed_on_error(beside):
            with beside.open("xb") as file:
                file.write(data)
            self._publish(beside, key)

    def _publish(self, beside: Path, key: str) -> None:
        """Give a finished file its name; it is on the disk by then."""
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.chmod(0o644)
        os.utime(beside)
        _to_disk(beside)
        beside.replace(target)
        _to_disk(target.parent)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)[:2] / key

    def _new_partial(self) -> Path:
        with self._translated():
            self._partial.mkdir(parents=True, exist_ok=True)
        return self._partial / uuid4().hex


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _moved(path: Path, target: Path) -> bool:
    """Rename; return whether that was possible (``False`` from another file system)."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _copy(path: Path, target: Path) -> None:
    with path.open("rb") as source, target.open("xb") as out:
        shutil.copyfileobj(source, out, CHUNK)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise

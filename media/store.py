"""Where media files are kept: by the hash of their bytes, in a folder, in S3, or in memory.

A file's name is its content, so it is written once however often it is found, never changes, and
can be checked. ``<root>/<first two digits>/<64 digits>``; nothing else is read.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gleanery.errors import (
    ConfigError,
    MediaError,
    MediaNotFoundError,
    MediaRefusedError,
    MediaUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

KEY = re.compile(r"[0-9a-f]{64}")
SHARD = re.compile(r"[0-9a-f]{2}")
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file that was put."""

    key: str
    size: int
    """Bytes."""
    new: bool
    """Whether its bytes were written now; ``False`` if they were there already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that is kept."""

    key: str
    size: int
    """Bytes."""
    modified_at: datetime
    """When it was last put, UTC."""


class MediaStore(ABC):
    """Files by the SHA-256 of their bytes; each is there whole or not at all.

    Methods block and may be called from any thread; processes may share a store (but not memory).
    All of them raise ``MediaUnavailableError`` while the place is away or full.
    """

    away: tuple[type[Exception], ...] = (OSError,)
    """What its library raises then."""

    def __init__(self, url: str, *, max_bytes: int = 0) -> None:
        """Prepare the store; nothing is touched yet.

        Args:
            url: Where it is, for messages.
            max_bytes: Size of a file at most; 0 = no limit.
        """
        self.url = url
        self.max_bytes = max_bytes
        self._locks = [threading.Lock() for _ in range(64)]

    def put_file(self, path: Path, *, move: bool = False) -> Stored:
        """Keep a copy of ``path``, or with ``move`` the file itself: then ``path`` is gone.

        Raises:
            MediaRefusedError: It is larger than ``max_bytes``.
            MediaNotFoundError: There is no such file.
        """
        try:
            size = path.stat().st_size
            self._check_size(size)
            key = hash_file(path)
        except FileNotFoundError as error:
            raise MediaNotFoundError(f"no file {path}") from error
        with self._alone(key):
            if new := not self._renew(key, size):
                self._write(key, path, move=move)
        if move:
            path.unlink(missing_ok=True)
        return Stored(key, size, new)

    def put_bytes(self, data: bytes) -> Stored:
        """Keep ``data``.

        Raises:
            MediaRefusedError: It is larger than ``max_bytes``.
        """
        self._check_size(len(data))
        key = hashlib.sha256(data).hexdigest()
        with self._alone(key):
            if new := not self._renew(key, len(data)):
                self._write_bytes(key, data)
        return Stored(key, len(data), new)

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """Return the file, opened for reading, seekable; the caller closes it.

        Raises:
            MediaNotFoundError: It is not kept.
        """

    def read(self, key: str) -> bytes:
        """Return the file's bytes.

        Raises:
            MediaNotFoundError: It is not kept.
        """
        with self.open(key) as file:
            return file.read()

    @abstractmethod
    def local(self, key: str) -> AbstractContextManager[Path]:
        """Give a path for programs that read files; not to be written to.

        It is the file itself where the store is a folder, else a copy that goes at the end.

        Raises:
            MediaNotFoundError: It is not kept.
        """

    @abstractmethod
    def find(self, key: str) -> Entry | None:
        """Return what is known of a file; ``None`` if it is not kept."""

    def exists(self, key: str) -> bool:
        """Whether the file is kept."""
        return self.find(key) is not None

    def size(self, key: str) -> int:
        """Return the file's bytes.

        Raises:
            MediaNotFoundError: It is not kept.
        """
        if (entry := self.find(key)) is None:
            raise self._missing(key)
        return entry.size

    @abstractmethod
    def delete(self, key: str, *, unless_since: datetime | None = None) -> bool:
        """Remove a file; return whether it was there.

        Args:
            key: The file.
            unless_since: It stays if it was put at that instant or later, while this call runs too.
        """

    @abstractmethod
    def scan(self) -> Iterator[Entry]:
        """Yield all files, by key, while others may be writing."""

    @abstractmethod
    def sweep_partial(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove what writers that died before ``before`` left half done; return how many."""

    def verify(self, key: str) -> bool:
        """Whether the file's bytes are still those that its key names.

        Raises:
            MediaNotFoundError: It is not kept.
        """
        with self.open(key) as file, self._translated():
            return _digest(file) == key

    @abstractmethod
    def _renew(self, key: str, size: int) -> bool:
        """Return whether the file is there in that size; if so, it counts as put just now."""

    @abstractmethod
    def _write(self, key: str, path: Path, *, move: bool) -> None:
        """Write what is new."""

    @abstractmethod
    def _write_bytes(self, key: str, data: bytes) -> None:
        """Write what is new."""

    def _alone(self, key: str) -> threading.Lock:
        """Return what keeps two threads from writing the same bytes; processes may, harmlessly."""
        return self._locks[int(key[:4], 16) % len(self._locks)]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self.away as error:
            raise MediaUnavailableError(f"media store {self.url}: {error}") from error

    def _check_size(self, size: int) -> None:
        if self.max_bytes and size > self.max_bytes:
            raise MediaRefusedError(f"{size:,} bytes: at most {self.max_bytes:,} are kept")

    def _missing(self, key: str) -> MediaNotFoundError:
        return MediaNotFoundError(f"no file {key} in {self.url}")


def open_media(url: str | Path, *, max_bytes: int = 0) -> MediaStore:
    """Return the media store at ``url``.

    Args:
        url: A folder (``/srv/media``, ``file:///srv/media``), ``s3://bucket/prefix`` (endpoint and
            keys as the AWS tools take them: ``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID`` …), or
            ``memory://name`` in this process.
        max_bytes: Size of a file at most; 0 = no limit.

    Raises:
        ConfigError: No such kind of store, or its package is not installed.
    """
    text = str(url)
    scheme, separator, rest = text.partition("://")
    if not separator or scheme == "file":
        from media.folder import FolderMedia  # noqa: PLC0415 - it is built on this module

        return FolderMedia(Path(rest if separator else text), max_bytes=max_bytes)
    if scheme not in ("s3", "memory") or not rest.strip("/"):
        raise ConfigError(
            f"GLEANERY_MEDIA_URL {text!r}: a folder, s3://bucket/prefix or memory://name"
        )
    from media.remote import MemoryMedia, S3Media  # noqa: PLC0415 - it is built on this module

    return (S3Media if scheme == "s3" else MemoryMedia)(text, max_bytes=max_bytes)


def check_key(key: str) -> str:
    """Return ``key``.

    Raises:
        MediaError: It is no key, e.g. a path.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise MediaError(f"{str(key)[:80]!r} is no key: 64 hexadecimal digits are")
    return key


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits.

    Raises:
        FileNotFoundError: There is no such file.
        MediaUnavailableError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _digest(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MediaUnavailableError(f"{path}: {error}") from error


@contextmanager
def scratch_folder(prefix: str = "gleanery-media-") -> Iterator[Path]:
    """Give a folder for work in progress that goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()

"""The media store behind fsspec: S3 and what speaks like it, and memory for tests."""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from gleanery.errors import ConfigError
from media.store import KEY, SHARD, Entry, MediaStore, check_key, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RemoteMedia(MediaStore):
    """A put shows once it is complete: that is how object stores and dictionaries work."""

    filesystem: Any
    """An ``fsspec.AbstractFileSystem``."""
    renew_after_seconds = 0.0
    """Age below which a file that is put again keeps its time."""

    def __init__(self, url: str, *, max_bytes: int = 0) -> None:
        super().__init__(url, max_bytes=max_bytes)
        self.root = url.rstrip("/")

    def open(self, key: str) -> BinaryIO:
        with self._translated():
            try:
                return cast("BinaryIO", self.filesystem.open(self._path(key), "rb"))
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def read(self, key: str) -> bytes:
        with self._translated():
            try:
                return bytes(self.filesystem.cat_file(self._path(key)))
            except FileNotFoundError as error:
                raise self._missing(key) from error

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with scratch_folder() as folder:
            path = folder / check_key(key)
            with self._translated():
                try:
                    self.filesystem.get_file(self._path(key), str(path))
                except FileNotFoundError as error:
                    raise self._missing(key) from error
            yield path

    def find(self, key: str) -> Entry | None:
        path = self._path(key)
        with self._translated():
            try:
                info = self.filesystem.info(path)
            except FileNotFoundError:
                return None
        return self._entry(key, info) if info["type"] == "file" else None

    def delete(self, key: str, *, unless_since: datetime | None = None) -> bool:
        entry = self.find(key)
        if entry is None or (unless_since and entry.modified_at >= unless_since):
            return False
        with self._translated(), suppress(FileNotFoundError):
            self.filesystem.rm_file(self._path(key))
        return True

    def scan(self) -> Iterator[Entry]:
        for shard in self._listed(self.root, "directory"):
            if SHARD.fullmatch(_name(shard)):
                for info in self._listed(f"{self.root}/{_name(shard)}", "file"):
                    if KEY.fullmatch(_name(info)):
                        yield self._entry(_name(info), info)

    def sweep_partial(self, before: datetime, *, dry_run: bool = False) -> int:
        return 0

    def _renew(self, key: str, size: int) -> bool:
        entry = self.find(key)
        if entry is None or entry.size != size:
            return False
        age = datetime.now(UTC) - entry.modified_at
        return age.total_seconds() < self.renew_after_seconds or self._touch(self._path(key))

    def _write(self, key: str, path: Path, *, move: bool) -> None:
        with self._translated():
            self.filesystem.put_file(str(path), self._path(key))

    def _write_bytes(self, key: str, data: bytes) -> None:
        with self._translated():
            self.filesystem.pipe_file(self._path(key), data)

    def _touch(self, path: str) -> bool:
        """Make a file count as put just now; return whether it is still there."""
        raise NotImplementedError

    def _entry(self, key: str, info: dict[str, Any]) -> Entry:
        return Entry(key, int(info["size"]), info["LastModified"].astimezone(UTC))

    def _listed(self, path: str, kind: str) -> list[dict[str, Any]]:
        with self._translated():
            try:
                rows = self.filesystem.ls(path, detail=True)
            except FileNotFoundError:
                return []
        return sorted((r for r in rows if r["type"] == kind), key=lambda r: str(r["name"]))

    def _path(self, key: str) -> str:
        return f"{self.root}/{check_key(key)[:2]}/{key}"


class MemoryMedia(RemoteMedia):
    """Lives as long as the process; stores of one name are one."""

    def __init__(self, url: str, *, max_bytes: int = 0) -> None:
        super().__init__(url, max_bytes=max_bytes)
        from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415 - see S3Media

        self.filesystem = MemoryFileSystem()

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.read(key))  # fsspec's own file has one position for all readers

    def read(self, key: str) -> bytes:
        path = self.filesystem._strip_protocol(self._path(key))
        if (file := self.filesystem.store.get(path)) is None:
            raise self._missing(key)
        return bytes(file.getvalue())

    def _write(self, key: str, path: Path, *, move: bool) -> None:
        self._write_bytes(key, path.read_bytes())

    def _touch(self, path: str) -> bool:
        file = self.filesystem.store.get(self.filesystem._strip_protocol(path))
        if file is not None:
            file.modified = datetime.now(UTC)
        return file is not None

    def _entry(self, key: str, info: dict[str, Any]) -> Entry:
        return Entry(key, int(info["size"]), self.filesystem.modified(self._path(key)))


class S3Media(RemoteMedia):
    """A bucket; uploads in parts stay invisible until the last one is there."""

    renew_after_seconds = 60.0  # an object's time is renewed by copying it onto itself

    def __init__(self, url: str, *, max_bytes: int = 0) -> None:
        super().__init__(url, max_bytes=max_bytes)
        try:
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - comes with s3fs
            from s3fs import S3FileSystem
        except ImportError as error:
            raise ConfigError(
                f"GLEANERY_MEDIA_URL {url!r} needs s3fs: pip install 'gleanery[s3]'"
            ) from error
        self.away = (OSError, BotoCoreError)
        self.filesystem = S3FileSystem(use_listings_cache=False, skip_instance_cache=True)

    def sweep_partial(self, before: datetime, *, dry_run: bool = False) -> int:
        bucket, _, prefix = self.root.removeprefix("s3://").partition("/")
        with self._translated():
            uploads = self.filesystem.list_multipart_uploads(bucket)
            old = [u for u in uploads if _is_left(u, prefix, before)]
            for upload in [] if dry_run else old:
                self.filesystem.call_s3(
                    "abort_multipart_upload",
                    Bucket=bucket,
                    Key=upload["Key"],
                    UploadId=upload["UploadId"],
                )
        return len(old)

    def _touch(self, path: str) -> bool:
        with self._translated():
            try:
                self.filesystem.setxattr(path, renewed=datetime.now(UTC).isoformat())
            except FileNotFoundError:
                return False
        return True


def _name(info: dict[str, Any]) -> str:
    return str(info["name"]).rstrip("/").rpartition("/")[2]


def _is_left(upload: dict[str, Any], prefix: str, before: datetime) -> bool:
    key = str(upload["Key"])
    ours = not prefix or key.startswith(prefix + "/")
    return ours and bool(KEY.fullmatch(key.rpartition("/")[2])) and upload["Initiated"] < before

"""Shards: files of one split, written whole, with their checksums."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from abc import ABC, abstractmethod
from mimetypes import guess_extension
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from gleanery.errors import ConfigError
from gleanery.json_text import write_json, write_json_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from exports.record import Record

Member = tuple[str, str, int, BinaryIO]
"""Role, content type, bytes and content of a file that goes into a shard, read at once."""
LINES = 50
"""Lines that are hashed and written at once."""
ROW_GROUP = 1000
"""Records that a Parquet shard holds in memory."""


class _Hashed:
    """A file that hashes what is written to it; never read, never sought."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.digest = file, 0, hashlib.sha256()

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.digest.update(view)
        self.size += len(view)
        return self.file.write(view)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self.file.flush()

    @property
    def closed(self) -> bool:
        return self.file.closed


class Shard(ABC):
    """One file, under a name beginning with a dot until it is whole."""

    suffix: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path, self.items = path, 0
        self._beside = path.with_name(f".{path.name}.partial")
        self._file = self._beside.open("wb", buffering=1 << 20)
        self.out = _Hashed(self._file)

    @abstractmethod
    def add(self, record: Record, members: Iterable[Member] = ()) -> None:
        """Write a record."""

    @abstractmethod
    def finish(self) -> None:
        """Write what is left."""

    def close(self) -> dict[str, Any]:
        """Put the file in its place; return its entry in the manifest."""
        self.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._beside.replace(self.path)
        return {
            "file": self.path.name,
            "items": self.items,
            "bytes": self.out.size,
            "sha256": self.out.digest.hexdigest(),
        }

    def abandon(self) -> None:
        """Remove what was begun."""
        self._file.close()
        self._beside.unlink(missing_ok=True)


class JsonlShard(Shard):
    """One JSON object a line, UTF-8."""

    suffix = "jsonl"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._records: list[Record] = []

    def add(self, record: Record, members: Iterable[Member] = ()) -> None:
        self._records.append(record)
        self.items += 1
        if len(self._records) >= LINES:
            self.finish()

    def finish(self) -> None:
        self.out.write(write_json_lines(self._records))
        self._records.clear()


class WebdatasetShard(Shard):
    """A tar of ``NUMBER.json`` and the item's files beside it, in the form of WebDataset."""

    suffix = "tar"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._tar = tarfile.open(fileobj=self.out, mode="w|", format=tarfile.PAX_FORMAT)  # type: ignore[call-overload]  # noqa: SIM115 - closed by finish

    def add(self, record: Record, members: Iterable[Member] = ()) -> None:
        name = f"{self.items:08}"
        data = write_json(record)
        self._put(f"{name}.json", len(data), io.BytesIO(data))
        seen: dict[str, int] = {}
        for role, content_type, size, file in members:
            number = seen[role] = seen.get(role, -1) + 1
            extension = (guess_extension(content_type) or ".bin").lstrip(".")
            self._put(f"{name}.{role}{number or ''}.{extension}", size, file)
        self.items += 1

    def finish(self) -> None:
        self._tar.close()

    def _put(self, name: str, size: int, file: BinaryIO) -> None:
        entry = tarfile.TarInfo(name)  # its time is 0: the same items give the same bytes
        entry.size = size
        self._tar.addfile(entry, file)


class ParquetShard(Shard):
    """Apache Parquet, compressed with zstd."""

    suffix = "parquet"

    def __init__(self, path: Path) -> None:
        from exports.parquet import open_writer  # noqa: PLC0415 - needs pyarrow

        super().__init__(path)
        self._writer = open_writer(self.out)
        self._records: list[Record] = []

    def add(self, record: Record, members: Iterable[Member] = ()) -> None:
        self._records.append(record)
        self.items += 1
        if len(self._records) >= ROW_GROUP:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._records:
            self._writer.write(self._records)
        self._records = []


SHARDS: dict[str, type[Shard]] = {
    "jsonl": JsonlShard,
    "parquet": ParquetShard,
    "webdataset": WebdatasetShard,
}


def check_libraries(name: str) -> None:
    """Fail early where a format's library is missing.

    Raises:
        ConfigError: It is not installed.
    """
    if name == "parquet":
        try:
            import pyarrow  # noqa: F401, PLC0415
        except ImportError as error:
            raise ConfigError(
                "--format parquet needs pyarrow: pip install gleanery[export]"
            ) from error

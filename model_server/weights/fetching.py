"""Fetch one file of weights: goes on where it stopped, checked before it gets its name."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import httpx2

from gleanery.errors import WeightsError, WeightsUnavailableError
from model_server.weights.lock import Weights
from model_server.weights.sources import Source
from model_server.weights.verifying import digest_of

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60.0
"""Longest silence of a server."""
Progress = Callable[[int], None]


def fetch(source: Source, folder: Path, file: Weights, progress: Progress | None = None) -> Path:
    """Bring a file into ``folder``; what came before a stop is not fetched again.

    Args:
        source: Where it is.
        folder: Of its model; made if it is missing.
        file: Name, and size and checksum if it is locked.
        progress: Called with the bytes that are there so far.

    Returns:
        Its path. Until all bytes are there and right, ``NAME.part`` stands beside it.

    Raises:
        WeightsUnavailableError: The source is away, or somebody else fetches the file: try again.
        WeightsError: The file is another one than the lock says, is not at the source, or does not
            fit on the disk.
    """
    path = folder / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with _alone(part) as out:
        out.seek(0, os.SEEK_END)
        if file.size is not None and out.tell() > file.size:
            out.truncate(0)
        _check_room(part, file, out.tell())
        if file.size is None or out.tell() < file.size:
            _receive(source, out, progress or (lambda _: None))
        out.flush()
        os.fsync(out.fileno())
        _check(part, file)
        part.replace(path)
    return path


@contextmanager
def _alone(part: Path) -> Iterator[BinaryIO]:
    with part.open("ab") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WeightsUnavailableError(
                f"{part.name} is being fetched by another process (다른 프로세스가 받는 중입니다)"
            ) from None
        yield out


def _check_room(part: Path, file: Weights, have: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if file.size is not None and file.size - have > free:
        raise WeightsError(
            f"{file.name} needs {file.size - have:,} more bytes, {free:,} are free in {part.parent}"
            " (디스크 공간이 부족합니다)"
        )


def _receive(source: Source, out: BinaryIO, progress: Progress) -> None:
    parts = urlsplit(source.url)
    try:
        if parts.scheme == "file":
            _copy(Path(unquote(parts.path)), out, progress)
        else:
            _download(source, out, progress)
    except FileNotFoundError as error:
        raise WeightsError(f"{source.url} is not there (파일이 없습니다)") from error
    except (httpx2.TransportError, OSError) as error:
        raise WeightsUnavailableError(
            f"{source.url}: {error or type(error).__name__}; run it again, it goes on"
            " (다시 실행하면 이어서 받습니다)"
        ) from error


def _copy(path: Path, out: BinaryIO, progress: Progress) -> None:
    with path.open("rb") as file:
        file.seek(out.tell())
        while chunk := file.read(CHUNK):
            out.write(chunk)
            progress(out.tell())


def _download(source: Source, out: BinaryIO, progress: Progress) -> None:
    have = out.tell()
    headers = dict(source.headers) | {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with (
        httpx2.Client(follow_redirects=True, timeout=TIMEOUT_SECONDS) as client,
        client.stream("GET", source.url, headers=headers) as answer,
    ):
        if answer.status_code == 416:  # all is there, and its size was not known
            return
        if answer.status_code not in (200, 206):
            raise _refused(source, answer.status_code)
        if have and answer.status_code == 200:  # a server that knows no ranges
            out.truncate(0)
        for chunk in answer.iter_bytes(CHUNK):
            out.write(chunk)
            progress(out.tell())


def _refused(source: Source, status: int) -> WeightsError:
    if status in (401, 403):
        return WeightsError(
            f"{source.url}: {status}, a token is needed, HF_TOKEN (토큰이 필요합니다)"
        )
    if status >= 500 or status == 429:
        return WeightsUnavailableError(f"{source.url}: {status}; try again later (나중에 다시)")
    return WeightsError(f"{source.url}: {status} (받을 수 없습니다)")


def _check(part: Path, file: Weights) -> None:
    """Remove what is not the file that was locked; a part that is only short stays."""
    size = part.stat().st_size
    if file.size is not None and size < file.size:
        raise WeightsUnavailableError(
            f"{file.name}: {size:,} of {file.size:,} bytes came; run it again (다시 실행하십시오)"
        )
    if (file.size is not None and size > file.size) or (
        file.sha256 and digest_of(part) != file.sha256
    ):
        part.unlink()
        raise WeightsError(
            f"{file.name} is not the file of the lock: its size or SHA-256 differs; it was removed"
            " (목록과 다른 파일이라 삭제했습니다)"
        )

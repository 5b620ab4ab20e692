"""Where the log of a job is: a file of this machine, or at the node that ran it, over HTTP."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2

from crawlers.scrapyd.places import log_file, logs_folder
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gleanery.config import Config
    from storage.jobs import Job

TIMEOUT_SECONDS = 5.0
"""For a node to answer; a page waits for it."""
PIECE = 2**20
"""Bytes of a whole log that are handed on at once."""
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Log(ABC):
    """The log of one job; methods block."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes it has."""

    @abstractmethod
    def read(self, low: int, high: int) -> bytes:
        """Return its bytes from ``low`` to before ``high``."""

    @abstractmethod
    def pieces(self) -> Iterator[bytes]:
        """Yield the whole of it, as long as it is at the beginning."""


class FileLog(Log):
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        return self.path.stat().st_size

    def read(self, low: int, high: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(low)
            return file.read(high - low)

    def pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            left = self.size()
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece


class NodeLog(Log):
    """As a node's scrapyd serves it; ``ConfigError`` where it has none, or does not answer."""

    def __init__(self, url: str, auth: tuple[str, str] | None) -> None:
        """Prepare; nobody is asked yet.

        Args:
            url: Of the log.
            auth: The name and the password that scrapyd asks for, if any.
        """
        self._url, self._auth = url, auth

    def size(self) -> int:
        with self._asked("HEAD") as answer:
            return int(answer.headers.get("content-length", "0"))

    def read(self, low: int, high: int) -> bytes:
        if high <= low:
            return b""
        with self._asked("GET", f"bytes={low}-{high - 1}") as answer:
            return answer.read() if answer.status_code == httpx2.codes.PARTIAL_CONTENT else b""

    def pieces(self) -> Iterator[bytes]:
        with self._asked("GET") as answer:
            yield from answer.iter_raw(PIECE)

    @contextmanager
    def _asked(self, method: str, part: str = "") -> Iterator[httpx2.Response]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": part} if part else {})
        client = httpx2.Client(auth=self._auth, timeout=TIMEOUT_SECONDS, trust_env=False)
        try:
            with client, client.stream(method, self._url, headers=headers) as answer:
                answer.raise_for_status()
                yield answer
        except httpx2.HTTPError as error:
            raise ConfigError(f"{self._url}: {error} (노드에서 로그를 읽지 못했습니다)") from error


def log_of(config: Config, job: Job) -> FileLog | NodeLog:
    """Return the log of a job; that of another machine is asked for only when it is read.

    Raises:
        ConfigError: It is not on this machine, and ``SCRAPYD_NODE_URL`` leads to no other.
    """
    path = log_file(config, job).resolve()
    if path.is_relative_to(logs_folder(config).resolve()) and path.is_file():
        return FileLog(path)
    names, node = (job.project, job.spider, job.job), job.node or ""
    if (
        not config.scrapyd_node_url
        or not _HOST.fullmatch(node)
        or not all(map(_NAME.fullmatch, names))
    ):
        raise ConfigError(f"no log of {job.job} on this machine; it ran on {job.node} (로그 없음)")
    place = config.scrapyd_node_url.replace("{node}", node).rstrip("/")
    password = config.scrapyd_password.get_secret_value()
    auth = (config.scrapyd_username, password) if password else None
    return NodeLog(f"{place}/logs/{'/'.join(names)}.log", auth)

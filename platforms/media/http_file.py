"""One file over plain HTTP to disk: bounded, at a limited rate, going on where it was cut off."""

from __future__ import annotations

import json
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.errors import MediaRefusedError, MediaUnavailableError
from platforms.media.downloaded import (
    Cancelled,
    DownloadCancelledError,
    Progress,
    ignore_progress,
    never,
)

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

logger = logging.getLogger(__name__)

ATTEMPTS = 4
"""Of one call: connections are cut off, and each attempt goes on where the last one ended."""
PAUSE_SECONDS = 0.5
"""Before the second attempt; twice as long before each further one."""
PATIENCE_SECONDS = 2 * 3600
"""Longest time for one file, besides what our own rate limit takes: a server may drip for ever."""
LATER = (408, 425, 429)
"""Statuses below 500 that ask to come back."""
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(slots=True)
class HttpFile:
    """A file of a server, on its way to disk.

    Bytes go to ``<target>.part``; beside it stands what the server called that version of the file,
    so that two versions are never mixed. ``target`` appears when it is whole.
    """

    client: httpx2.Client
    """Its proxy checks addresses: this class asks whatever it is given."""
    url: str
    target: Path
    max_bytes: int
    bytes_per_second: int = 0
    progress: Progress = ignore_progress
    cancelled: Cancelled = never

    def fetch(self) -> Path:
        """Return ``target`` once it is whole; one that is there already is not asked for again.

        Raises:
            MediaRefusedError: It is too large, or the server has it not, or not for us.
            MediaUnavailableError: No answer, or it was cut off too often; go on later.
        """
        own_pace = self.max_bytes / self.bytes_per_second if self.bytes_per_second else 0
        deadline = time.monotonic() + PATIENCE_SECONDS + own_pace
        for attempt in range(ATTEMPTS):
            if self.target.exists():
                return self.target
            if attempt:
                time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                self._attempt(deadline)
            except MediaUnavailableError as error:
                if isinstance(error, DownloadCancelledError) or attempt == ATTEMPTS - 1:
                    raise
                logger.info("Download of %s goes on after: %s", self.url, error)
        return self.target

    def forget(self) -> None:
        """Remove what there is of it."""
        for path in (self._part, self._note):
            path.unlink(missing_ok=True)

    @property
    def _part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def _note(self) -> Path:
        return self.target.with_name(self.target.name + ".part.json")

    def _attempt(self, deadline: float) -> None:
        import httpx2  # noqa: PLC0415 - not for those who only look at the plan

        have, headers = self._position()
        try:
            with self.client.stream("GET", self.url, headers=headers) as response:
                start, total = self._accept(response, have)
                self._receive(response, start, total, deadline)
        except httpx2.TooManyRedirects as error:
            raise MediaRefusedError(f"{self.url}: {error}") from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise MediaRefusedError(f"{self.url}: {error}") from error
        except httpx2.HTTPError as error:
            raise MediaUnavailableError(f"{self.url}: {_words(error)}") from error
        except OSError as error:
            raise MediaUnavailableError(f"{self.target}: {error}") from error

    def _position(self) -> tuple[int, dict[str, str]]:
        """Return the bytes there are, and the headers that ask for the others."""
        plain = {"Accept-Encoding": "identity"}
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(self._note.read_text("utf-8"))
            have = self._part.stat().st_size
            if have and note["url"] == self.url and note["version"]:
                again = {"Range": f"bytes={have}-", "If-Range": str(note["version"])}
                return have, plain | again
        return 0, plain

    def _accept(self, response: httpx2.Response, have: int) -> tuple[int, int | None]:
        """Return where this answer starts in the file, and the file's size if it tells.

        Raises:
            MediaRefusedError: The server has it not, or it is too large.
            MediaUnavailableError: The server asks to come back, or its answer makes no sense.
        """
        status = response.status_code
        start, total = _content_range(response)
        if status == 416 and have:
            self.forget()
            raise MediaUnavailableError(f"{self.url}: the server no longer has that part")
        if status not in (200, 206):
            raise self._refusal(status)
        if status == 200:
            start, total = 0, _length(response)
        elif start != have:
            self.forget()
            raise MediaUnavailableError(f"{self.url}: the server sent another part than asked for")
        self._check_size(total)
        if start == 0:
            self.forget()
            version = response.headers.get("etag") or response.headers.get("last-modified") or ""
            # a weak validator must not be used for ranges (RFC 9110, 13.1.5)
            note = {"url": self.url, "version": "" if version.startswith("W/") else version}
            self._note.write_text(json.dumps(note), "utf-8")
        return start or 0, total

    def _receive(
        self, response: httpx2.Response, start: int, total: int | None, deadline: float
    ) -> None:
        done, began = start, time.monotonic()
        with self._part.open("ab" if start else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                done += len(chunk)
                self._check_size(done)
                self.progress(done, total)
                self._check_cancelled(done)
                if time.monotonic() > deadline:
                    raise MediaUnavailableError(f"{self.url}: not done in time")
                self._slow_down(done - start, began)
        if total is not None and done != total:
            raise MediaUnavailableError(f"{self.url}: cut off at {done:,} of {total:,} bytes")
        if not done:
            self.forget()
            raise MediaRefusedError(f"{self.url}: the file is empty")
        self._part.replace(self.target)
        self.forget()

    def _slow_down(self, received: int, began: float) -> None:
        rate = self.bytes_per_second
        while rate and (ahead := received / rate - (time.monotonic() - began)) > 0:
            self._check_cancelled(received)
            time.sleep(min(ahead, 1.0))

    def _check_cancelled(self, done: int) -> None:
        if self.cancelled():
            raise DownloadCancelledError(f"{self.url}: stopped at {done:,} bytes")

    def _check_size(self, size: int | None) -> None:
        if size is not None and size > self.max_bytes:
            self.forget()
            raise MediaRefusedError(
                f"{self.url}: {size:,} bytes or more, at most {self.max_bytes:,} are downloaded"
            )

    def _refusal(self, status: int) -> MediaRefusedError | MediaUnavailableError:
        later = status >= 500 or status in LATER
        kind = MediaUnavailableError if later else MediaRefusedError
        return kind(f"{self.url}: the server answered {status}")


def _content_range(response: httpx2.Response) -> tuple[int | None, int | None]:
    """Return first byte and size of the whole (RFC 9110, 14.4); ``None`` where it is not told."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if not found:
        return None, None
    start, total = found.groups()
    return int(start) if start else None, int(total) if total != "*" else None


def _length(response: httpx2.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__

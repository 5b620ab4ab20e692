"""Run a function that reads a file from anywhere in a limited process of its own.

FFmpeg parses what strangers upload; a fault in it must not take the server along. Each call starts
a fresh Python (never a fork: forks of a process with threads hang), which limits *itself* before it
imports a decoder: address space, processor time, size of written files, number of open files. It
inherits no environment, no secrets and no files but those it works on. What it sends back is a
header in JSON and raw numbers, checked here, never unpickled: hostile input may have taken it over.

It limits harm, it is no jail: the process keeps our user's rights. See docs/video_sampling.md.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gleanery.errors import ConfigError, MediaRefusedError
from media.launch import Limits, Output, end, kill_group, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Answer", "Limits", "Output", "Stream", "run", "stream"]

logger = logging.getLogger(__name__)

PIECE_BYTES = 64 * 2**20
"""Most that one answer may hold."""
_HEADER_BYTES = 2**20
_DTYPES = {"B": np.uint8, "h": np.int16, "f": np.float32}


@dataclass(slots=True, frozen=True)
class Answer:
    """One result: JSON's values, and numbers beside them where there are any."""

    value: Any
    data: NDArray[Any] | None = None


def run(function: str, *args: Any, limits: Limits | None = None) -> Answer:
    """Return what ``function`` returns.

    Args:
        function: ``"module:name"`` in ``media.inside``.
        args: JSON's values; a ``Path`` is opened here for reading, an :class:`Output` for writing,
            and the function gets a descriptor in its place.
        limits: The defaults of :class:`Limits` if ``None``.

    Raises:
        MediaRefusedError: The file is broken or of a wrong kind, or a limit was passed.
        MediaNotFoundError: A path leads nowhere.
        ConfigError: A library is not installed.
    """
    with stream(function, *args, limits=limits) as answers:
        for answer in answers:
            return answer
    raise MediaRefusedError("the decoding process gave no answer")


def stream(function: str, *args: Any, limits: Limits | None = None) -> Stream:
    """Return what ``function`` yields, one by one: it goes on only as fast as it is read."""
    return Stream(function, args, limits or Limits())


class Stream:
    """Answers of a process, in order. Read it from one thread at a time; close it from any."""

    def __init__(self, function: str, args: tuple[Any, ...], limits: Limits) -> None:
        self._limits = limits
        self._waited = 0.0
        self._received = 0
        self._noise = b""
        self._lock = threading.Lock()
        self._process = start(function, args, limits)
        self._end = weakref.finalize(self, end, self._process)
        self._poll = select.poll()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            self._poll.register(pipe, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Answer]:
        return self

    def __next__(self) -> Answer:
        with self._lock:
            if not self._end.alive:
                raise StopIteration
            try:
                answer = self._receive()
            except (ValueError, KeyError, TypeError) as error:  # it was taken over, or is at fault
                self._end()
                raise MediaRefusedError("the decoding process gave a malformed answer") from error
            except BaseException:
                self._end()
                raise
            if answer is None:
                self._end()
                raise StopIteration
            return answer

    def close(self) -> None:
        """Kill the process, if it still runs, with all it started."""
        kill_group(self._process)  # wakes a thread that is reading; it lets go of the lock
        with self._lock:
            self._end()

    def _receive(self) -> Answer | None:
        """Return the next answer; ``None`` at the end."""
        header = json.loads(self._read(int.from_bytes(self._read(4, _HEADER_BYTES)), _HEADER_BYTES))
        kind = header.get("kind") if isinstance(header, dict) else None
        if kind == "end":
            return None
        if kind == "error":
            raise _error(header)
        if kind != "answer":
            raise MediaRefusedError("the decoding process gave an answer of no known kind")
        return Answer(header.get("value"), self._numbers(header.get("data")))

    def _numbers(self, about: Any) -> NDArray[Any] | None:
        if about is None:
            return None
        dtype, shape = np.dtype(_DTYPES[about["dtype"]]), tuple(int(n) for n in about["shape"])
        size = dtype.itemsize
        for n in shape:
            size *= n if n >= 0 else PIECE_BYTES + 1
        return np.frombuffer(self._read(size, PIECE_BYTES), dtype).reshape(shape)

    def _read(self, size: int, limit: int = PIECE_BYTES) -> bytearray:
        self._received += size
        if size > limit or self._received > self._limits.output_bytes:
            raise MediaRefusedError(f"decoding gives more than {self._limits.output_bytes:,} bytes")
        buffer = bytearray(size)
        view = memoryview(buffer)
        stdout = self._process.stdout
        assert stdout is not None
        done = 0
        while done < size:
            self._wait()
            got = stdout.readinto(view[done:])  # type: ignore[attr-defined]  # raw: no wait
            if not got:
                raise self._death()
            done += got
        return buffer

    def _wait(self) -> None:
        """Wait until the process has written or ended."""
        assert self._process.stdout is not None
        began = time.monotonic()
        while True:
            left = self._limits.wall_seconds - self._waited - (time.monotonic() - began)
            ready = dict(self._poll.poll(max(0.0, left) * 1000))
            if not ready:
                raise MediaRefusedError(
                    f"decoding took longer than {self._limits.wall_seconds:g} seconds"
                )
            self._listen(ready)
            if self._process.stdout.fileno() in ready:
                break
        self._waited += time.monotonic() - began

    def _listen(self, ready: dict[int, int]) -> None:
        """Keep what the process complains about out of the operator's log, but for DEBUG."""
        stderr = self._process.stderr
        assert stderr is not None
        if stderr.fileno() not in ready:
            return
        chunk = os.read(stderr.fileno(), 65536)
        if not chunk:
            self._poll.unregister(stderr)
            return
        self._noise = (self._noise + chunk)[-2000:]
        logger.debug("Decoder: %s", chunk.decode(errors="replace").rstrip())

    def _death(self) -> Exception:
        """Tell why the process ended in the midst of its work."""
        code = self._process.wait(timeout=10)
        if -code == signal.SIGXCPU:
            limit = self._limits.cpu_seconds
            return MediaRefusedError(f"decoding took more than {limit} s of processor time")
        if -code == signal.SIGKILL:
            return MediaRefusedError("the decoding process was killed, perhaps for want of memory")
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        last = self._noise.decode(errors="replace").strip().splitlines()[-1:]
        return MediaRefusedError(f"the decoding process crashed ({name}) {' '.join(last)}".rstrip())


def _error(header: dict[str, Any]) -> Exception:
    reason = str(header.get("reason"))[:500]
    if trace := header.get("trace"):
        logger.debug("Decoder: %s", trace)
    if header.get("missing"):
        return ConfigError(f"{reason}: install gleanery[media]")
    return MediaRefusedError(reason)

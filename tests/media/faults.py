"""Functions that a hostile file might turn a decoder into; the sandbox runs them."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def hang() -> None:
    time.sleep(600)


def spin() -> None:
    while True:
        pass


def eat() -> int:
    return len(bytearray(8 * 2**30))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


def lie(text: str) -> None:
    """Write something that is no answer to the pipe (the first descriptor after the standard)."""
    data = bytes.fromhex(text)
    for fd in range(3, 64):
        try:
            os.write(fd, data)
        except OSError:
            continue
    os._exit(0)


def noise() -> str:
    sys.stdout.write("printed")
    sys.stderr.write("complained\n")
    return "done"


def surroundings() -> dict[str, object]:
    fds = [fd.name for fd in Path("/proc/self/fd").iterdir()]
    return {"environment": sorted(os.environ), "files": len(fds)}


def write(fd: int, size: int) -> int:
    return os.write(fd, b"x" * size)


def count(most: int):
    for number in range(most):
        yield number, memoryview(bytes([number % 256]) * 1000)


def children_then_hang(note: str) -> None:
    pid = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "600"])
    Path(note).write_text(str(pid), encoding="utf-8")
    time.sleep(600)


def missing() -> None:
    import no_such_library  # noqa: F401, PLC0415


def progress(note: str):
    for number in range(100_000):
        Path(note).write_text(str(number), encoding="utf-8")
        yield {"number": number}, memoryview(bytes(100_000))


def endless(note: str):
    Path(note).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        yield None, memoryview(bytes(100_000))

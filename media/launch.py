"""Start a limited process, with nothing of ours but the files it works on, and end it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import signal
import stat
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from gleanery.errors import MediaNotFoundError, MediaRefusedError

logger = logging.getLogger(__name__)

PIPE_BYTES = 2**20
"""As much as Linux gives anybody: a picture fits whole, where it gives 64 KiB unasked."""

_START = (
    "import json,sys;request=json.loads(sys.stdin.buffer.readline());"
    "sys.path[:]=request['path'];from media.inside.process import serve;serve(request)"
)
_ROOT = str(Path(__file__).parents[1])


@dataclass(slots=True, frozen=True, kw_only=True)
class Limits:
    """What the process may use; past one of them it ends and the file is refused."""

    memory_bytes: int = 2 * 2**30
    """Address space, libraries included (about 150 MiB of it)."""
    cpu_seconds: int = 3600
    wall_seconds: float = 1800
    """How long *we* wait for it; the time in which it waits for us does not count."""
    output_bytes: int = 8 * 2**30
    """All answers together, and each file it writes."""


@dataclass(slots=True, frozen=True)
class Output:
    """A file that the process may write; it is handed over open, not by name."""

    path: Path


def start(function: str, args: tuple[Any, ...], limits: Limits) -> subprocess.Popen[bytes]:
    """Start a process that calls ``function`` and writes what it gives to its output."""
    with contextlib.ExitStack() as files:
        plain = [_handed_over(arg, files) for arg in args]
        request = {
            "path": [str(Path(folder or ".").absolute()) for folder in [_ROOT, *sys.path]],
            "function": function,
            "args": plain,
            "limits": asdict(limits),
        }
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-I", "-S", "-c", _START],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            pass_fds=[arg["fd"] for arg in plain if isinstance(arg, dict) and "fd" in arg],
            start_new_session=True,  # so that it can be killed with whatever it started
        )
    _widen(process.stdout)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.close()
    except OSError:
        logger.debug("The decoding process ended before it was asked")
    return process


def _widen(pipe: IO[bytes] | None) -> None:
    """Let a pipe hold more, where that can be: fewer and longer reads."""
    assert pipe is not None
    with contextlib.suppress(AttributeError, OSError):  # not on Linux; all that a user may have
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _environment() -> dict[str, str]:
    """Nothing of ours but where libraries lie; one thread each for libraries that compute."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**kept, "PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def _handed_over(arg: Any, files: contextlib.ExitStack) -> Any:
    """Return what stands for ``arg`` in JSON; files are opened, others' paths never leave here."""
    if isinstance(arg, Path):
        return {"fd": files.enter_context(_opened(arg, "rb")).fileno()}
    if isinstance(arg, Output):
        return {"fd": files.enter_context(_opened(arg.path, "w+b")).fileno()}
    return arg


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        if mode == "rb" and not stat.S_ISREG(path.stat().st_mode):
            raise MediaRefusedError(f"{path} is not a file")
        return path.open(mode, buffering=0)
    except FileNotFoundError as error:
        raise MediaNotFoundError(f"no file {path}") from error
    except OSError as error:
        raise MediaRefusedError(f"{path} cannot be opened: {error.strerror}") from error


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started, if it still runs."""
    if process.returncode is None:  # not reaped: the number is still its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it, close its pipes and let the system forget it."""
    kill_group(process)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()

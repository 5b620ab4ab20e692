"""The sandboxed process's own side: limit itself, call the function, send what it gives.

An answer is: 4 bytes, the header's length; the header in JSON; the raw numbers it announces.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
from collections.abc import Iterator
from typing import Any

OPEN_FILES = 64


class RefusedError(Exception):
    """The file cannot be used; the message is for the operator."""


def serve(request: dict[str, Any]) -> None:
    """Call ``request["function"]`` and send its answers to what was standard output."""
    pipe = _own_pipe()
    _limit(**request["limits"])
    try:
        module, _, name = request["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        args = [a["fd"] if isinstance(a, dict) and "fd" in a else a for a in request["args"]]
        result = function(*args)
        for value in result if isinstance(result, Iterator) else (result,):
            _send_answer(pipe, value)
    except BaseException as error:
        _send(pipe, _refusal(error))
    else:
        _send(pipe, {"kind": "end"})
    os._exit(0)  # decoders' threads and half-read files need no orderly end


def _own_pipe() -> int:
    """Keep standard output for answers alone: libraries that print there would spoil them."""
    pipe = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever asked is gone: so are we
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    return pipe


def _limit(*, memory_bytes: int, cpu_seconds: int, output_bytes: int, wall_seconds: float) -> None:
    for which, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(which)
        unlimited = most == resource.RLIM_INFINITY
        # A second more before the kernel's SIGKILL, so that SIGXCPU tells the reason.
        hard = value + 1 if which == resource.RLIMIT_CPU else value
        hard = hard if unlimited else min(hard, most)
        resource.setrlimit(which, (min(value, hard), hard))


def _refusal(error: BaseException) -> dict[str, Any]:
    if isinstance(error, RefusedError):
        return {"kind": "error", "reason": str(error)}
    import traceback  # noqa: PLC0415 - only failures pay for it

    trace = "".join(traceback.format_exception(error))
    # A library that cannot be mapped is an ImportError, too.
    if isinstance(error, MemoryError) or "failed to map" in str(error):
        return {"kind": "error", "reason": "decoding needs more memory than allowed"}
    if isinstance(error, ModuleNotFoundError):
        return {"kind": "error", "reason": str(error), "missing": True}
    return {
        "kind": "error",
        "reason": f"the file cannot be decoded: {type(error).__name__}: {error}",
        "trace": trace,
    }


def _send_answer(pipe: int, value: Any) -> None:
    """``value`` is for JSON, or a pair of that and a C-contiguous buffer."""
    data = None
    if isinstance(value, tuple):
        value, data = value
    header: dict[str, Any] = {"kind": "answer", "value": value}
    if data is None:
        _send(pipe, header)
        return
    view = memoryview(data)
    header["data"] = {"dtype": view.format, "shape": view.shape}
    _send(pipe, header, view.cast("B"))


def _send(pipe: int, header: dict[str, Any], data: memoryview | None = None) -> None:
    text = json.dumps(header).encode()
    _write(pipe, memoryview(len(text).to_bytes(4) + text))
    if data is not None:
        _write(pipe, data)


def _write(pipe: int, data: memoryview) -> None:
    while data:
        data = data[os.write(pipe, data) :]

"""Real OpenAI-compatible servers of other makers, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.ports import free_ports

LLAMA_SERVER = """
import sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port, params.hostnames = sys.argv[1], int(sys.argv[2]), ["127.0.0.1"]
# Gemma's sliding window forgets a prefix unless it is kept whole.
params.n_ctx, params.n_parallel, params.swa_full = 8192, 2, True
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # more would spin for a core
server = xllamacpp.Server(params)
time.sleep(3600)
"""
"""llama.cpp's own server, by the package that carries it."""


def llama_server(model: Path, port: int) -> list[str]:
    """Command of llama.cpp's own server."""
    pytest.importorskip("xllamacpp", reason="xllamacpp: make test-models installs it")
    return [sys.executable, "-c", LLAMA_SERVER, str(model), str(port)]


def llama_cpp_python_server(model: Path, port: int) -> list[str]:
    """Command of the server in llama-cpp-python; it gives log-probabilities with ``logits_all``."""
    pytest.importorskip("llama_cpp.server", reason="llama-cpp-python: make test-models installs it")
    options = ["--n_ctx", "2048", "--n_threads", "1", "--logits_all", "true"]
    where = ["--model", str(model), "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "llama_cpp.server", *where, *options]


@contextmanager
def running(make, model: Path, log: Path, *, seconds: float = 120) -> Iterator[str]:
    """Base address of a server, once it lists its model."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/v1"
    with (
        log.open("w") as out,
        subprocess.Popen(make(model, port), stdout=out, stderr=out) as process,
    ):
        try:
            wait_for_models(url, process, log, seconds)
            yield url
        finally:
            process.kill()


def wait_for_models(url, process, log, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{url}/models", timeout=60).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"the server at {url} does not start: {log.read_text()[-500:]}")

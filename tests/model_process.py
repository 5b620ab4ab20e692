"""The model server as a process of its own, for tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.conftest import wait_until
from tests.crawl import ROOT


def clean_env(home: Path, **more: str) -> dict[str, str]:
    """The environment without ``GLEANERY_*``, with all state in ``home``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GLEANERY_", "MODEL_ENGINE"))}
    return kept | {"GLEANERY_HOME": str(home)} | more


class ModelServerProcess:
    """``python -m model_server`` on a port of its own; it can be killed and started again."""

    def __init__(
        self, home: Path, *arguments: str, token: str = "", port: int = 0, **env: str
    ) -> None:
        self.home, self.token, self.port = home, token, port
        self._arguments, self._env = arguments, env
        self.log = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        """Start, and wait until the engine is loaded."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "model_server", "--port", str(self.port), *self._arguments],
            cwd=ROOT,
            env=clean_env(self.home, GLEANERY_MODEL_SERVER_TOKEN=self.token, **self._env),
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=[self._process], daemon=True).start()
        wait_until(self._ready, seconds=90)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; return the exit status."""
        assert self._process
        self._process.send_signal(number)
        return self._process.wait(timeout=180)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        for line in process.stderr:
            self.log += line
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/mcp", line):
                self.port = int(found[1])
        process.stderr.close()

    def _ready(self) -> bool:
        assert self.running, self.log
        if not self.port:
            return False
        try:
            return (
                httpx2.get(
                    self.url.replace("/mcp", "/readyz"), timeout=60, verify=False
                ).status_code
                == 200
            )
        except httpx2.TransportError:
            return False


def stub_process(
    home: Path, *arguments: str, token: str = "", **options: object
) -> ModelServerProcess:
    """The trivial engine with ``options``, not yet started."""
    file = home / "engines.yaml"
    file.write_text(json.dumps({"engines": {"trivial": {"engine": "stub"} | options}}), "utf-8")
    return ModelServerProcess(
        home,
        *arguments,
        token=token,
        GLEANERY_TEST_ENGINES="1",
        GLEANERY_MODEL_ENGINE="trivial",
        GLEANERY_MODEL_ENGINES_FILE=str(file),
    )


@contextmanager
def model_server_process(home: Path, *, token: str = "") -> Iterator[str]:
    """Address of a running model server."""
    server = ModelServerProcess(home, token=token)
    server.start()
    try:
        yield server.url
    finally:
        if server.running:
            server.stop()

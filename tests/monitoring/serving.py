"""``gleanery serve-metrics`` as a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.cli import COMMAND, ROOT, environment
from tests.conftest import wait_until
from tests.ports import free_ports


@contextmanager
def exporter(home: Path, **env: str) -> Iterator[str]:
    """Yield the address of a running exporter."""
    home.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    url, log = f"http://127.0.0.1:{port}", home / "exporter.log"
    command = [*COMMAND, "serve-metrics", "--port", str(port)]
    with (
        log.open("ab") as out,
        subprocess.Popen(
            command, cwd=ROOT, env=environment(home, **env), stdout=out, stderr=out
        ) as process,
    ):

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            return is_up(url)

        try:
            wait_until(answers, seconds=60)
            yield url
        finally:
            process.terminate()
            process.wait(180)


def is_up(url: str) -> bool:
    """Whether a program of ours answers ``/healthz``."""
    try:
        return httpx2.get(f"{url}/healthz", timeout=60, verify=False).status_code == 200
    except httpx2.TransportError:
        return False

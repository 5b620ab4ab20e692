"""``gleanery serve``: one command for all, one Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.ports import free_ports

pytest.importorskip("scrapyd", reason="needs gleanery[server]")


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        result = gleanery(tmp_path, "serve", GLEANERY_SCRAPYD_PORT=port, GLEANERY_REDIS_URL="x://")

    assert result.returncode == 2
    assert f"127.0.0.1:{port} is taken" in result.error
    assert "GLEANERY_SCRAPYD_PORT" in result.error


@pytest.mark.slow
def test_a_service_that_dies_is_started_again_and_all_end_at_once(tmp_path: Path):
    (port,) = free_ports(1)
    log = tmp_path / "serve.log"
    env = environment(tmp_path / "h", GLEANERY_SCRAPYD_PORT=str(port))
    command = [*COMMAND, "serve", "--without", "models", "--without", "admin", "--without", "api"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        wait_until(lambda: _status(port), seconds=90)
        os.kill(_pid(log), signal.SIGKILL)
        wait_until(lambda: "scrapyd | died with status -9" in log.read_text(), seconds=60)
        wait_until(lambda: _status(port), seconds=90)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=180) == 0
    finally:
        process.kill()
    assert not _status(port)
    assert not (tmp_path / "h/redis/redis.sock").exists()


def _status(port: int) -> Any:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/daemonstatus.json", timeout=60
        ) as answer:
            return json.load(answer)
    except OSError:
        return None


def _pid(log: Path) -> int:
    """Of scrapyd, as Twisted says it when it starts."""
    port = re.search(r"scrapyd: http://127.0.0.1:(\d+)", log.read_text())
    assert port
    command = ["ss", "-ltnpH", f"sport = :{port[1]}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"pid=(\d+)", lines.stdout)
    assert found, lines
    return int(found[1])

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

from gleanery.demo.server import DemoServer
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.ports import free_ports
from tests.scrapyd_nodes import job_of

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


@pytest.mark.slow
def test_a_crawl_passes_through_all_services_without_redis(tmp_path: Path):
    """Model server, scrapyd, admin page and client API, over files alone; an article is read."""
    home, log = tmp_path / "h", tmp_path / "serve.log"
    names = ("SERVE_MODELS_PORT", "SCRAPYD_PORT", "SERVE_ADMIN_PORT", "API_PORT")
    ports = dict(zip(names, free_ports(4), strict=True))
    stub = {"GLEANERY_MODEL_ENGINE": "stub", "GLEANERY_TEST_ENGINES": "1"}
    env = environment(home, **stub, **{f"GLEANERY_{name}": str(p) for name, p in ports.items()})
    key = gleanery(home, "api-keys", "create", "test", "--json").json["key"]
    with DemoServer() as world, log.open("wb") as out:
        command = [*COMMAND, "serve", "--without", "redis"]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as process:
            try:
                for port in ports.values():
                    path = "daemonstatus.json" if port == ports["SCRAPYD_PORT"] else "readyz"
                    wait_until(lambda p=port, q=path: _answer(p, q), seconds=180)
                asked = f"project=default&spider=google&feed={world.url}/feed.xml?hl=en&max_items=3"
                begun = _answer(ports["SCRAPYD_PORT"], "schedule.json", asked.encode())
                wait_until(lambda: job_of(home, begun["jobid"]).state == "finished", seconds=180)
                found = _answer(ports["API_PORT"], "v1/items?kind=article", key=key)
            finally:
                process.send_signal(signal.SIGINT)
            assert process.wait(timeout=180) == 0

    assert found["items"]
    assert all(item["category"] for item in found["items"])  # the model server was asked
    assert not any(_answer(port, "") for port in ports.values())


def _status(port: int) -> Any:
    return _answer(port, "daemonstatus.json")


def _answer(port: int, path: str, form: bytes | None = None, key: str = "") -> Any:
    """Return what a service of this machine says; nothing while it says nothing."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", form, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
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

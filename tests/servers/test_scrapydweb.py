"""ScrapydWeb, as others use it over scrapyd, over ours: start, list, watch, read, stop."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.cli import ROOT
from tests.conftest import missing_server, wait_until
from tests.graph_site import GraphSite
from tests.ports import free_ports
from tests.scrapyd_nodes import Node, job_of

PROGRAM = ROOT / ".venv-scrapydweb" / "bin" / "scrapydweb"
"""``make test-slow`` installs it."""
LATEST = "default: the latest version"
"""How ScrapydWeb says that a project has no version."""
SETTINGS = """
SCRAPYDWEB_BIND = "127.0.0.1"
SCRAPYDWEB_PORT = {port}
SCRAPYD_SERVERS = ["127.0.0.1:{node}"]
DATA_PATH = "{folder}"
"""


@contextmanager
def scrapydweb(folder: Path, node: Node) -> Iterator[httpx2.Client]:
    """Run it over ``node``; yield a client of it."""
    wait_until(node.answers, seconds=60)  # it gives up at once where none does
    (port,) = free_ports(1)
    settings = SETTINGS.format(port=port, node=node.port, folder=folder / "data")
    (folder / "scrapydweb_settings_v11.py").write_text(settings, encoding="utf-8")
    with (
        (folder / "scrapydweb.log").open("wb") as log,
        subprocess.Popen([PROGRAM], cwd=folder, stdout=log, stderr=log) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client,
    ):
        try:
            wait_until(lambda: process.poll() is not None or _answers(client), seconds=60)
            assert process.poll() is None, (folder / "scrapydweb.log").read_text()
            yield client
        finally:
            process.terminate()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/hello").status_code == 200
    except httpx2.TransportError:
        return False


def start(client: httpx2.Client, job: str, *given: str) -> None:
    """Start a job by the two forms that its page sends."""
    form = {"project": "default", "_version": LATEST, "spider": "google", "jobid": job}
    form["additional"] = "\r\n".join(f"-d {each}" for each in given)
    checked = client.post("/1/schedule/check/", data=form).json()
    done = client.post("/1/schedule/run/", data={"filename": checked["filename"]})
    assert done.headers.get("location", "").endswith("/1/jobs/"), done.text


@pytest.mark.slow
def test_scrapydweb_does_over_our_scrapyd_what_it_does_over_any(tmp_path):
    if not PROGRAM.exists():
        missing_server("ScrapydWeb")
    with (
        GraphSite({0: [1, 2], 1: list(range(3, 40))}) as site,
        Node(tmp_path / "home") as node,
        scrapydweb(tmp_path, node) as client,
    ):
        status = client.get("/1/api/daemonstatus/").json()
        projects = client.get("/1/api/listprojects/").json()["projects"]
        spiders = client.get(f"/1/api/listspiders/default/{LATEST}/").json()["spiders"]
        address = f"urls={site.url}/page/0"
        start(client, "whole", address, "max_depth=1", "setting=CLOSESPIDER_TIMEOUT=60")
        wait_until(lambda: job_of(node.home, "whole").ended_at, seconds=60)
        start(client, "stopped", address, "setting=DOWNLOAD_DELAY=0.5")
        wait_until(lambda: job_of(node.home, "stopped").stats, seconds=60)
        running = client.get("/1/jobs/?listjobs=True").json()
        page = client.get("/1/jobs/").text
        stats = client.get("/1/log/stats/default/google/whole/").text
        log = client.get("/1/log/utf8/default/google/whole/").text
        stopped = client.get("/1/api/stop/default/stopped/").json()
        wait_until(lambda: job_of(node.home, "stopped").ended_at, seconds=60)

    whole, ended = job_of(node.home, "whole"), job_of(node.home, "stopped")
    assert (status["status"], status["node_name"], projects) == ("ok", "one", ["default"])
    assert {"google", "reddit", "youtube"} <= set(spiders)
    assert (whole.state, whole.arguments["max_depth"]) == ("finished", "1")
    assert [(j["job"], bool(j["finish"])) for j in running] == [("stopped", False), ("whole", True)]
    assert ("whole" in page, "stopped" in page) == (True, True)
    assert "finish_reason" in stats
    assert "Spider closed (finished)" in log
    assert (stopped["status"], ended.state) == ("ok", "cancelled")

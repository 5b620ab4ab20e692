"""Real scrapyd processes on loopback, each a node of its own name."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any, Self

from storage.jobs import Job, JobLedger, open_jobs
from tests.cli import ROOT, environment
from tests.ports import free_ports


class Node:
    """``scrapyd`` in the project's folder; a context manager."""

    def __init__(self, home: Path, name: str = "one", **env: str) -> None:
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self.log = home / f"{name}.log"
        self.env = environment(
            home,
            GLEANERY_SCRAPYD_NODE=name,
            GLEANERY_SCRAPYD_PORT=str(self.port),
            GLEANERY_SCRAPYD_SLOTS="2",
            GLEANERY_CLASSIFY_ENABLED="false",
            **env,
        )

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scrapyd", "--pidfile="],
                cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=180)
        finally:
            self.process.kill()

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self.get("daemonstatus.json")["status"] == "ok"
        except OSError:
            return False

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as answer:
            return json.load(answer)

    def post(
        self, path: str, *pairs: tuple[str, str], headers: dict[str, str] | None = None
    ) -> Any:
        body = urllib.parse.urlencode(pairs).encode()
        request = urllib.request.Request(f"{self.url}/{path}", body, headers or {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def schedule(self, **arguments: str) -> Any:
        given = {"project": "default", "spider": "google"} | arguments
        return self.post("schedule.json", *given.items())


@cache
def ledger(home: Path) -> JobLedger:
    """The jobs' ledger of a home, in its file."""
    return open_jobs({"STORE": "sqlite"}.get, home)


def job_of(home: Path, name: str) -> Job:
    """What the ledger says of a job."""
    found = ledger(home).find(name)
    assert found is not None
    return found

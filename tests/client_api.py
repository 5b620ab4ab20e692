"""The client API as a process of its own, over a store that tests fill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.ports import free_ports


@dataclass
class Api:
    """One running API and a key to it."""

    url: str
    home: Path
    log: Path
    key: str
    pid: int
    env: dict[str, str]

    def get(self, path: str, *, key: str | None = None, headers=None, **params) -> httpx2.Response:
        shown = self.key if key is None else key
        more = {"Authorization": f"Bearer {shown}"} if shown else {}
        with httpx2.Client(trust_env=False, verify=False, timeout=60) as client:
            return client.get(f"{self.url}{path}", params=params, headers=more | (headers or {}))

    def json(self, path: str, **params) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def inject(self, text: str) -> Counter[int]:
        """Put a text into every parameter of every route, one at a time; count the statuses."""
        fitting = {"identity": "youtube:v0", "q": "tea"}
        answers = Counter[int]()
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx2.Client(
            base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=60
        ) as client:
            for path, operations in client.get("/openapi.json").json()["paths"].items():
                if not path.startswith("/v1") or "get" not in operations:
                    continue
                given = operations["get"].get("parameters", [])
                names = [each["name"] for each in given if each["in"] == "query"]
                fits = {name: value for name, value in fitting.items() if name in names}
                place = re.sub(r"\{\w+\}", quote(text, safe=""), path)
                for asked in [{name: text} for name in names] or [{}]:
                    answers[client.get(place, params=fits | asked).status_code] += 1
            answers[client.post("/v1/exports", json={"category": text}).status_code] += 1
            key = {"Idempotency-Key": text}
            made = client.post("/v1/exports", json={}, headers=key)
            if where := made.headers.get("location"):
                made = client.get(where)
                client.delete(where)
            answers[made.status_code] += 1
        return answers

    def make_key(self, *more: str) -> dict[str, Any]:
        return gleanery(self.home, "api-keys", "create", "test", "--json", *more, **self.env).json


@contextmanager
def running_api(home: Path, *, keeper: dict[str, str] | None = None, **env: str) -> Iterator[Api]:
    """Run ``gleanery serve-api`` over the store in ``home``; ``keeper``: who makes its key."""
    from tests.conftest import wait_until  # noqa: PLC0415 - that one imports much

    home.mkdir(parents=True, exist_ok=True)
    port, log = free_ports(1)[0], home / "api.log"
    made = gleanery(
        home, "api-keys", "create", "tests", "--json", "--scope", "read", "--scope", "export",
        "--per-minute", "1000000", **(keeper or env),
    ).json  # fmt: skip
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [*COMMAND, "serve-api", "--port", str(port)],
            cwd=ROOT, env=environment(home, **env), stdout=out, stderr=out,
        ) as process,
    ):  # fmt: skip
        api = Api(f"http://127.0.0.1:{port}", home, log, made["key"], process.pid, env)

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return api.get("/healthz", key="").status_code == 200
            except httpx2.TransportError:
                return False

        try:
            wait_until(answers, seconds=60)
            yield api
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(180)

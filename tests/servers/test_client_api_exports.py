"""Export jobs of the client API: a real process, real exports, over HTTP."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import httpx2
import pytest

from client_api.export_jobs import MOST_WAITING, ExportJobs
from client_api.export_options import ExportOptions
from tests.client_api import running_api
from tests.conftest import wait_until
from tests.export_home import home_of, threads


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return home_of(tmp_path_factory.mktemp("exports"), threads(40))


def call(api, method: str, path: str, *, key=None, **more) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key or api.key}"} | more.pop("headers", {})
    with httpx2.Client(trust_env=False, timeout=60) as client:
        return client.request(method, f"{api.url}{path}", headers=headers, **more)


def state(api, where: str) -> str:
    return api.json(where)["state"]


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)], ids=str
)
def test_exports_run_survive_a_restart_and_give_only_their_files(home, how):
    with running_api(home) as api:
        asked = call(api, "POST", "/v1/exports", json={"min_quality": 0, "shard_items": 5})
        again = call(api, "POST", "/v1/exports", json={"min_quality": 0, "shard_items": 5})
        where = asked.headers["location"]
        assert (asked.status_code, again.json()["id"]) == (202, asked.json()["id"])
        wait_until(lambda: state(api, where) == "running", seconds=60)
        os.kill(api.pid, how)  # killed, its child ends the export
    with running_api(home) as api:
        wait_until(lambda: state(api, where) in ("done", "failed"), seconds=60)
        job = api.json(where)
        files = [file["name"] for file in api.json(f"{where}/files")["files"]]
        got = {name: api.get(f"{where}/files/{name}") for name in files}
        shards = [answer.text for name, answer in got.items() if name.endswith(".jsonl")]
        records = [json.loads(line) for text in shards for line in text.splitlines()]
        assert (job["state"], len(records)) == ("done", sum(job["items"].values()))
        assert len({record["identity"] for record in records}) == len(records) > 0
        part = api.get(f"{where}/files/{files[0]}", headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.content) == (206, got[files[0]].content[2:6])

        folder = home / "exports" / job["id"]
        (folder / "link.jsonl").symlink_to(home / "gleanery.db")
        for name in ("link.jsonl", "..%2F..%2Fgleanery.db", "%2e%2e", ".x", "%00", "../../x"):
            assert api.get(f"{where}/files/{name}").status_code == 404, name
        for number in ("..", "%2e%2e", "..%2f..", "x" * 32):
            assert api.get(f"/v1/exports/{number}/files").status_code == 404, number

        reader = api.make_key("--scope", "read")["key"]
        assert call(api, "POST", "/v1/exports", key=reader, json={}).status_code == 403
        assert api.get(where, key=reader).status_code == 403
        for wrong in ({"format": "zip"}, {"split": "1/1/1"}, {"category": "none"}, {"a": 1},
                      {"clips": 1}, {"kinds": []}, {"min_quality": 2}):  # fmt: skip
            answer = call(api, "POST", "/v1/exports", json=wrong)
            assert (answer.status_code, answer.json()["status"]) == (422, 422), wrong
            assert answer.headers["content-type"] == "application/problem+json"

        assert call(api, "DELETE", where).status_code == 204
        assert api.get(where).status_code == 404
        wait_until(lambda: not folder.exists() and not [*folder.parent.glob(".gone-*")], seconds=60)
        cancel_a_running_one(api)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def cancel_a_running_one(api) -> None:
    """Its child ends at once, nothing of it stays, and the next export runs."""
    where = call(api, "POST", "/v1/exports", json={"shard_items": 1}).headers["location"]
    wait_until(lambda: children(api.pid), seconds=60)
    (child,) = children(api.pid)
    os.kill(child, signal.SIGSTOP)  # however quick it is, it is under way
    assert state(api, where) == "running"
    assert call(api, "DELETE", where).status_code == 204
    assert (api.get(where).status_code, children(api.pid)) == (404, [child])
    os.kill(child, signal.SIGCONT)
    wait_until(lambda: not children(api.pid), seconds=60)
    exports = api.home / "exports"
    wait_until(lambda: not [p for p in exports.iterdir() if p.is_dir()], seconds=60)

    again = call(api, "POST", "/v1/exports", json={"min_quality": 0.3}).headers["location"]
    wait_until(lambda: state(api, again) == "done", seconds=60)
    assert call(api, "DELETE", again).status_code == 204


def test_a_full_queue_says_when_to_come_back(home):
    jobs = ExportJobs(home)
    for n in range(MOST_WAITING):
        jobs.ask(f"{n:032}", ExportOptions())
    with (home / "exports" / ".run.lock").open("a") as lock:
        import fcntl  # noqa: PLC0415

        fcntl.flock(lock, fcntl.LOCK_EX)  # as if an earlier child still wrote
        with running_api(home) as api:
            answer = call(api, "POST", "/v1/exports", json={"clips": 0, "min_quality": 0.1})
            for n in range(MOST_WAITING):
                assert call(api, "DELETE", f"/v1/exports/{n:032}").status_code == 204

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")

"""scrapyd over the project's own code: what clients may do with it, and what nobody may."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.scrapyd.app import check_doors
from gleanery.config import Config
from gleanery.errors import ConfigError
from tests.cli import gleanery
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.scrapyd_nodes import Node, job_of

ScrapydClient = pytest.importorskip("scrapyd_client.pyclient").ScrapydClient
TREE: dict[int, list[int | str]] = {0: [1, 2], 1: [3]}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with Node(tmp_path_factory.mktemp("scrapyd")) as started:
        wait_until(started.answers, seconds=60)
        yield started


def test_a_job_asked_for_by_a_plain_client_runs_and_its_end_is_known(node):
    with GraphSite(TREE) as site:
        client = ScrapydClient(node.url)
        arguments = [("urls", f"{site.url}/page/0"), ("jobid", "by-client")]

        job = client.schedule("default", "google", arguments)
        wait_until(lambda: job_of(node.home, job).ended_at, seconds=60)

    found = job_of(node.home, "by-client")
    assert (found.state, found.reason, found.exit_code) == ("finished", "finished", 0), found
    assert (found.node, found.attempt, found.arguments) == (
        "one", 1, {"urls": f"{site.url}/page/0"},
    )  # fmt: skip
    assert found.stats["response_received_count"] >= 4
    assert client.projects() == ["default"]
    assert "google" in client.spiders("default")
    assert client.versions("default") == []
    assert [j["id"] for j in client.jobs("default")["finished"]] == ["by-client"]
    assert client.status(job)["currstate"] == "finished"
    log = urllib.request.urlopen(f"{node.url}/logs/default/google/by-client.log").read()
    assert b"Spider closed (finished)" in log


def test_pages_for_people_are_there(node):
    for path, title in (("", b"<h1>Scrapyd</h1>"), ("jobs", b"<h1>Jobs</h1>")):
        assert title in urllib.request.urlopen(f"{node.url}/{path}").read()


GOOD = ("urls", "http://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("path", "pairs", "said"),
    [
        ("schedule.json", [GOOD, ("jobid", "../x")], "jobid"),
        ("schedule.json", [GOOD, ("jobid", "a/b")], "jobid"),
        ("schedule.json", [GOOD, ("jobid", "")], "jobid"),
        ("schedule.json", [GOOD, ("jobid", "x" * 65)], "jobid"),
        ("schedule.json", [GOOD, ("setting", "FEEDS={}")], "FEEDS"),
        ("schedule.json", [GOOD, ("setting", "LOG_FILE=/tmp/x")], "LOG_FILE"),
        ("schedule.json", [GOOD, ("setting", "ALLOWED_ADDRESSES=0.0.0.0/0")], "ALLOWED"),
        ("schedule.json", [GOOD, ("setting", "nothing")], "NAME=VALUE"),
        ("schedule.json", [GOOD, ("priority", "nan")], "priority"),
        ("schedule.json", [GOOD, ("max_depth", "many")], "max_depth"),
        ("schedule.json", [GOOD, ("max_dept", "1")], "max_depth"),
        ("schedule.json", [GOOD, ("_job", "x")], "_job"),
        ("schedule.json", [GOOD, ("_parent", "x")], "_parent"),
        ("schedule.json", [("seeds", "/etc/passwd")], "argument"),
        ("schedule.json", [("urls", "/etc/passwd")], "argument"),
        ("schedule.json", [], "nothing to start from"),
        ("schedule.json", [GOOD, ("_version", "1")], "version"),
        ("addversion.json", [("version", "1"), ("egg", "PK")], "no eggs"),
        ("delversion.json", [("version", "1")], "no eggs"),
        ("delproject.json", [], "no eggs"),
        ("cancel.json", [("job", "x"), ("signal", "STOP")], "signal"),
    ],
)
def test_what_a_job_must_not_ask_for_is_refused_in_json(node, path, pairs, said):
    answer = node.post(path, ("project", "default"), ("spider", "google"), *pairs)

    assert (answer["status"], answer["node_name"]) == ("error", "one")
    assert said in answer["message"]
    status = node.get("daemonstatus.json")
    assert (status["pending"], status["running"]) == (0, 0)


@pytest.mark.slow
def test_a_name_is_given_once(node):
    first = node.schedule(urls="http://127.0.0.1:9/", jobid="twice")
    second = node.schedule(urls="http://127.0.0.1:9/", jobid="twice")

    assert (first["status"], second["status"]) == ("ok", "error")
    wait_until(lambda: job_of(node.home, "twice").ended_at, seconds=60)


def raw(node: Node, text: str) -> bytes:
    """The whole answer to a request written by hand."""
    with socket.create_connection(("127.0.0.1", node.port), timeout=60) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize(
    "path", ["/logs/../jobs.db", "/logs/%2e%2e/%2e%2e/jobs.db", "/logs//etc/passwd"]
)
def test_no_path_leads_out_of_the_logs(node, path):
    answer = raw(node, f"GET {path} HTTP/1.0\nHost: 127.0.0.1\n\n")

    assert b" 404 " in answer.splitlines()[0]


def test_other_sites_neither_read_nor_ask(node):
    own = raw(node, f"GET /listjobs.json HTTP/1.0\nHost: 127.0.0.1:{node.port}\n\n").lower()
    rebound = raw(node, "GET /listjobs.json HTTP/1.0\nHost: evil.example\n\n")
    posted = node.post(
        "schedule.json", ("project", "default"), ("spider", "google"), GOOD,
        headers={"Origin": "http://evil.example"},
    )  # fmt: skip

    assert b"access-control" not in own
    assert b"nosniff" in own
    assert b"content-security-policy" in own
    assert b" 403 " in rebound.splitlines()[0]
    assert posted["status"] == "error"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "crawler.example"])
def test_others_are_not_let_in_without_a_password(host):
    with pytest.raises(ConfigError, match="GLEANERY_SCRAPYD_PASSWORD"):
        check_doors(Config(scrapyd_host=host, scrapyd_username="me"))
    check_doors(Config(scrapyd_host=host, scrapyd_username="me", scrapyd_password="long enough"))


def test_a_password_is_asked_for(tmp_path: Path):
    secret = {"GLEANERY_SCRAPYD_USERNAME": "me", "GLEANERY_SCRAPYD_PASSWORD": "long enough"}
    with Node(tmp_path, **secret) as node:
        client = ScrapydClient(node.url, username="me", password="long enough")
        wait_until(lambda: b"401" in _line(node), seconds=60)

        assert client.projects() == ["default"]
        wait_until(lambda: b" 200 " in _line(node, "/readyz"), seconds=60)
        assert b" 200 " in _line(node, "/healthz")
        assert b" 401 " in _line(node, "/readyz/../listjobs.json")


def _line(node: Node, path: str = "/listjobs.json") -> bytes:
    try:
        return raw(node, f"GET {path} HTTP/1.0\nHost: 10.1.2.3:6800\n\n").splitlines()[0]
    except OSError:
        return b""


@pytest.mark.slow
def test_the_command_starts_shows_retries_and_prints_logs(node):
    home = node.home
    with GraphSite(TREE) as site:
        begun = gleanery(home, "jobs", "start", "google", f"urls={site.url}/page/0", "--json").json
        wait_until(lambda: job_of(home, begun["job"]).ended_at, seconds=60)
        again = gleanery(home, "jobs", "retry", begun["job"], "--json").json
        wait_until(lambda: job_of(home, again["job"]).ended_at, seconds=60)

    listed = gleanery(home, "jobs", "list", "--text", begun["job"], "--json").json
    shown = gleanery(home, "jobs", "show", again["job"], "--json").json
    log = gleanery(home, "jobs", "logs", begun["job"], "--lines", "5")
    wrong = gleanery(home, "jobs", "start", "google", "urls=http://x/", "-s", "FEEDS={}")
    assert [job["state"] for job in listed["jobs"]] == ["finished"]
    assert shown["parent"] == begun["job"]
    assert [e["event"] for e in shown["events"]] == ["queued", "started", "finished"]
    assert "Spider closed (finished)" in log.stdout
    assert (wrong.returncode, "FEEDS" in wrong.error) == (2, True)

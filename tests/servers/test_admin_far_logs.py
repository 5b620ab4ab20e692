"""A job's log on the admin page of another machine than that which ran it."""

from __future__ import annotations

import json

import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from crawlers.scrapyd.log_places import log_of
from gleanery.config import Config
from gleanery.errors import ConfigError
from storage.jobs import Job
from tests.admin_site import admin_site
from tests.conftest import wait_until
from tests.scrapyd_nodes import Node, ledger
from tests.servers.test_admin_jobs import EVIL, LOG, events_of

MANY = [f"2026-11-25 10:00:00 [a] DEBUG: line {n} 좋아요" for n in range(30_000)]
SECRET = {"GLEANERY_SCRAPYD_USERNAME": "me", "GLEANERY_SCRAPYD_PASSWORD": "long enough"}


@pytest.mark.slow
def test_the_node_that_ran_a_job_is_asked_for_its_log(tmp_path):
    """By its end, by level, older lines, live, and whole; with the password that it asks for."""
    far, here = tmp_path / "far", tmp_path / "here"
    folder = far / "scrapyd/logs/default/google"
    folder.mkdir(parents=True)
    (folder / "moved.log").write_text("".join(f"{line}\n" for line in (*MANY, *LOG)))
    with Node(far, "localhost", **SECRET) as node:
        url = f"http://{{node}}:{node.port}"
        with admin_site(here, GLEANERY_SCRAPYD_NODE_URL=url, **SECRET) as site:
            client, jobs = site.client("viewer"), ledger(here)
            for name, place in (("moved", "localhost"), ("none", "localhost"), ("evil", "x@y:1/")):
                jobs.add(Job(job=name, spider="google"))
                jobs.take(name, place)
            wait_until(lambda: log(client, "moved").status_code == 200, seconds=60)

            end = log(client, "moved", lines=2)
            older = client.get(end.links["next"]["url"])
            loud = log(client, "moved", level="ERROR")
            page = client.get("/job?name=moved&lines=5")
            with client.stream("GET", "/job/live?name=moved") as stream:
                first = next(json.loads(text) for kind, text in events_of(stream) if kind == "log")
            whole = client.get("/job/log?name=moved")
            printed = site.run("jobs", "logs", "moved", "--lines", "1")
            missing = [log(client, name).status_code for name in ("none", "evil")]
            files = [client.get(f"/job/log?name={n}").status_code for n in ("none", "evil")]
        stranger = log_of(Config(home=here, scrapyd_node_url=url), jobs.find("moved"))
        with pytest.raises(ConfigError, match="401"):
            stranger.size()

    assert (end.json(), older.json()) == (LOG[-2:], LOG[-4:-2])
    assert loud.json() == LOG[1:4]
    assert html.fromstring(page.text).xpath("//pre")[0].text.splitlines() == LOG
    assert f"<b>{EVIL}" not in page.text
    assert (first["text"], first["end"] < 0) == ("", True)  # the page is to ask
    assert whole.text.splitlines() == [*MANY, *LOG]
    assert whole.headers["content-disposition"] == 'attachment; filename="moved.log"'
    assert printed == f"{LOG[-1]}\n"
    assert (missing, files) == ([404, 404], [404, 404])


def log(client, name, **asked):
    return client.get("/api/job/log", params={"name": name} | asked)

"""A crawl on the admin page: its limits are changed while it is there, and that is noted."""

from __future__ import annotations

import json
import shutil

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from storage.jobs import Job
from tests.admin_site import admin_site, token_of
from tests.admin_world import begin_crawl
from tests.scrapyd_nodes import ledger


@pytest.fixture
def site(tmp_path):
    with admin_site(tmp_path) as running:
        yield running


async def test_a_job_is_steered_on_its_page_and_as_json(site):
    """Paused, set to a speed, resumed, stopped at once; each is noted, with who did it."""
    await begin_crawl(site.home)
    jobs, client = ledger(site.home), site.client("operator")
    jobs.add(Job(job="steered", spider="google"))
    jobs.take("steered", "one")
    jobs.beat("steered", pid=1, progress=1, stats={"frontier/crawl": "food"})
    form = {"csrf": token_of(client), "name": "steered"}
    speed = {"pages_per_minute": 60, "concurrency": 0, "delay_seconds": "1.5"}

    def post(path, **asked):
        return client.post(path, headers={"X-CSRF-Token": form["csrf"]}, **asked)

    paused = client.post("/job/steer", data=form | {"action": "pause"})
    set_ = client.post("/job/speed", data=form | speed)
    page = client.get("/job?name=steered").text
    more = post("/api/job/speed?name=steered", json={"concurrency": 4, "delay_ms": -1})
    wrong = post("/api/job/speed?name=steered", json={"concurrency": 4000})
    resumed = post("/api/job/steer?name=steered&action=resume")
    stopped = post("/api/job/steer?name=steered&action=stop_now")
    printed = site.run("frontier", "speed", "food", "pages_per_minute=0", "delay_ms=-1", "--json")

    assert paused.headers["location"] == "/job?name=steered&done=paused"
    assert set_.headers["location"] == "/job?name=steered&done=saved"
    assert 'value="60" required' in page
    assert 'value="1.5"' in page
    assert 'value="resume"' in page
    assert more.json() == {"pages_per_minute": 60, "concurrency": 4}
    assert wrong.status_code == 409
    assert resumed.json() == {"state": "running"}
    assert stopped.json() == {"job": "steered", "before": "running"}
    assert (jobs.find("steered").cancel, jobs.find("steered").signal) == (True, "SIGKILL")
    assert json.loads(printed) == {"speed": {"concurrency": 4}}
    entries = site.client("admin").get("/api/audit").json()
    done = [(e["action"], e["subject"]) for e in entries if e["outcome"] == "done"]
    expected = {("crawl.pause", "food"), ("crawl.resume", "food"), ("job.speed", "steered")}
    assert set(done) >= expected | {("job.stop_now", "steered")}
    jobs.end("steered", "cancelled")
    assert post("/api/job/steer?name=steered&action=stop").status_code == 409


async def test_crawls_are_listed_25_at_a_time_by_name(site):
    await begin_crawl(site.home)
    folder, client = site.home / "frontier", site.client("viewer")
    for number in range(29):
        shutil.copyfile(folder / "food.db", folder / f"a%2F{number:02}%20%26.db")
    (folder / "broken.db").write_text("no crawl")

    first = client.get("/api/frontier").json()
    rest = client.get("/api/frontier", params={"after": first["more"]}).json()
    page = client.get("/frontier").text
    next_page = client.get("/frontier?after=a/24%20%26").text

    expected = [f"a/{n:02} &" for n in range(29)] + ["food"]
    assert [row["crawl"] for row in first["crawls"] + rest["crawls"]] == expected
    assert (first["more"], rest["more"]) == ("a/24 &", "")
    assert 'rel="next" href="/frontier?after=a/24%20%26"' in page
    assert ("/crawl?name=food" in page, "/crawl?name=food" in next_page) == (False, True)


async def test_limits_are_changed_on_the_page_and_as_json(site):
    await begin_crawl(site.home)
    jobs, client = ledger(site.home), site.client("operator")
    jobs.add(Job(job="runs", spider="google"))
    jobs.take("runs", "one")
    jobs.beat("runs", pid=1, progress=1, stats={"frontier/crawl": "food"})
    csrf = token_of(client)
    form = {"csrf": csrf, "name": "food", "max_pages": 7, "max_items": 0, "max_bytes": 0}

    led = client.get("/job?name=runs").text
    client.post("/crawl/limits", data=form | {"max_seconds": 10**7})
    limited = client.get("/crawl?name=food", headers={"Accept-Language": "en"}).text
    client.post("/crawl/limits", data=form | {"max_seconds": 0})
    saved = client.post("/crawl/limits", data=form | {"max_seconds": ""})
    shown = client.get("/crawl?name=food", headers={"Accept-Language": "en"}).text
    more = client.post(
        "/api/crawl/limits?name=food", json={"max_items": 9}, headers={"X-CSRF-Token": csrf}
    )
    refused = client.post(
        "/api/crawl/limits?name=food", json={"max_cats": 9}, headers={"X-CSRF-Token": csrf}
    )

    assert 'href="/crawl?name=food#limits"' in led
    assert 'id="limits"' in shown
    assert saved.headers["location"] == "/crawl?name=food&done=saved"
    assert 'aria-label="Requests by depth' in shown
    assert ("Ends at the latest" in limited, "Ends at the latest" in shown) == (True, False)
    assert 'name="max_pages" type="number" min="0" value="7"' in shown
    assert more.json() == {"max_pages": 7, "max_items": 9}
    assert (refused.status_code, "max_cats" in refused.text) == (409, True)
    entries = site.client("admin").get("/api/audit?action=crawl.limits").json()
    assert next(e["after"] for e in entries if e["outcome"] == "done") == more.json()
    printed = site.run("frontier", "limit", "food", "max_pages=5", "max_items=0", "--json")
    assert json.loads(printed) == {"budgets": {"max_pages": 5}}

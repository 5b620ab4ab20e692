"""A crawl on the admin page: its limits are changed while it is there, and that is noted."""

from __future__ import annotations

import json

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


async def test_limits_are_changed_on_the_page_and_as_json(site):
    await begin_crawl(site.home)
    jobs, client = ledger(site.home), site.client("operator")
    jobs.add(Job(job="runs", spider="google"))
    jobs.take("runs", "one")
    jobs.beat("runs", pid=1, progress=1, stats={"frontier/crawl": "food"})
    csrf = token_of(client)
    form = {"csrf": csrf, "name": "food", "max_pages": 7, "max_items": 0, "max_bytes": 0}

    led = client.get("/job?name=runs").text
    saved = client.post("/crawl/limits", data=form)
    shown = client.get("/crawl?name=food", headers={"Accept-Language": "en"}).text
    more = client.post(
        "/api/crawl/limits?name=food", json={"max_items": 9}, headers={"X-CSRF-Token": csrf}
    )
    refused = client.post(
        "/api/crawl/limits?name=food", json={"max_cats": 9}, headers={"X-CSRF-Token": csrf}
    )

    assert 'href="/crawl?name=food"' in led
    assert saved.headers["location"] == "/crawl?name=food&done=saved"
    assert 'aria-label="Requests by depth' in shown
    assert 'name="max_pages" type="number" min="0" value="7"' in shown
    assert more.json() == {"max_pages": 7, "max_items": 9}
    assert (refused.status_code, "max_cats" in refused.text) == (409, True)
    entries = site.client("admin").get("/api/audit?action=crawl.limits").json()
    assert next(e["after"] for e in entries if e["outcome"] == "done") == more.json()
    printed = site.run("frontier", "limit", "food", "max_pages=5", "max_items=0", "--json")
    assert json.loads(printed) == {"budgets": {"max_pages": 5}}

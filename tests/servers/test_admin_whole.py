"""A crawl's way through the admin page, in Chromium: begun, watched, broken, corrected, read."""

from __future__ import annotations

import os
import signal

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from playwright.sync_api import expect

from gleanery.demo.server import DemoServer
from tests.admin_site import admin_site
from tests.client_api import running_api
from tests.conftest import wait_until
from tests.scrapyd_nodes import Node, job_of, ledger
from tests.servers.test_admin_browser import log_in

QUICK = {"GLEANERY_JOBS_LOST_SECONDS": "8", "GLEANERY_FRONTIER_LEASE_SECONDS": "6"}


@pytest.mark.slow
def test_a_crawl_from_its_start_to_a_program_that_reads_a_corrected_label(tmp_path, new_context):
    """Over the sample world and two real nodes, one of them killed; no page is loaded anew."""
    with (
        DemoServer() as world,
        admin_site(tmp_path, **QUICK) as site,
        running_api(tmp_path) as api,
        Node(tmp_path, "one", **QUICK) as one,
    ):
        wait_until(one.answers, seconds=60)
        context = new_context(locale="en")
        page = context.new_page()
        log_in(page, site.url)

        page.goto(f"{site.url}/start?spider=google")
        page.get_by_label("feed", exact=True).fill(f"{world.url}/feed.xml?hl=en")
        page.locator("#settings").fill("DOWNLOAD_DELAY=0.4")
        page.locator("#job").fill("whole")
        page.get_by_role("button", name="Start", exact=True).click()
        page.wait_for_url(f"{site.url}/job?name=whole")
        page.evaluate("window.stayed = true")
        live = page.locator("[data-live]")
        state, pages = (
            live.locator("dl.figures div", has_text=name).locator("dd")
            for name in ("State", "Pages")
        )
        expect(pages).not_to_have_text("0", timeout=90_000)
        wait_until(lambda: int(pages.inner_text()) >= 6, seconds=60)

        os.kill(one.process.pid, signal.SIGKILL)
        os.kill(job_of(tmp_path, "whole").pid or 0, signal.SIGKILL)
        with Node(tmp_path, "two", **QUICK):
            expect(live).to_contain_text("two, ", timeout=90_000)  # the node and its process
            expect(state).to_have_text("finished", timeout=90_000)
        assert page.evaluate("window.stayed")

        page.goto(f"{site.url}/items?kind=article")
        page.locator("tbody a[href^='/item?']").first.click()
        identity = page.locator("input[name=identity]").get_attribute("value") or ""
        page.get_by_label("Right category").select_option("food")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**done=saved")
        read = api.json("/v1/item", identity=identity)
        listed = api.json("/v1/items", category="food")
        context.close()

    events = [event.event for event in ledger(tmp_path).events("whole")]
    assert events == ["queued", "started", "lost", "started", "finished"]
    articles = [path for path in world.asked if path.startswith("/articles/")]
    assert set(articles) == {f"/articles/{name}" for name in _english(world)}
    assert (
        len(articles) <= len(set(articles)) + 16
    )  # it went on: only what was under way came twice
    assert (read["category"], read["identity"]) == ("food", identity)
    assert [item["identity"] for item in listed["items"]] == [identity]


def _english(world: DemoServer) -> set[str]:
    """What the feed leads to: its articles, and what those link to."""
    rows = {row["id"]: row for row in world.world.articles}
    found = {name for name, row in rows.items() if row["lang"] == "en" and row.get("feed", True)}
    while more := {link for name in found for link in rows[name].get("links", [])} - found:
        found |= more
    return found

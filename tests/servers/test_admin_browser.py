"""The admin page in a real Chromium: for everybody, light and dark, with and without script."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from playwright.sync_api import Page, Response, expect, sync_playwright

from platforms.web.browser import SYSTEM_BROWSER
from storage.jobs import Job
from tests.admin_site import admin_site, password
from tests.admin_world import EVIL, NUMBER, begin_crawl, fill
from tests.conftest import missing_server
from tests.scrapyd_nodes import ledger
from tests.servers.test_model_typescript import install

AXE = Path(__file__).parents[1] / "axe"
LIGHT = 250 * 1024
"""Bytes that a page may load."""
PAGES = (
    "/", "/items", f"/item?id=reddit:t3_{NUMBER - 1}", "/proposals", "/jobs", "/job?name=evil",
    "/topics", "/nodes", "/seeds", "/seeds/file?name=news", "/engines", "/stores", "/runs",
    "/item/alike?id=reddit:t3_1", "/start", "/schedules", "/frontier", "/work", "/settings",
    "/crawl?name=food", "/audit", "/nothing-here",
)  # fmt: skip


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    install(AXE, folder)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    fill(home)
    asyncio.run(begin_crawl(home))
    with admin_site(home) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    if not SYSTEM_BROWSER.exists():
        missing_server("chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(SYSTEM_BROWSER), args=arguments)
        yield started
        started.close()


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.locator("#user").fill("admin")
    page.locator("#password").fill(password("admin"))
    page.locator("main button").click()
    page.wait_for_url(f"{url}/")


def is_stream(answer: Response) -> bool:
    """Whether an answer goes on while the page is open: its body is never whole."""
    return answer.headers.get("content-type", "").startswith("text/event-stream")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_is_accessible_and_light(site, browser, axe, scheme, language):
    """No violation that axe-core finds, nothing refused by the policy, 250 KiB at most."""
    context = browser.new_context(
        color_scheme=scheme,
        locale=language,
        bypass_csp=True,
        viewport={"width": 390, "height": 800},
    )
    problems = {}
    for path in ("/login", *PAGES):
        if path == "/":
            log_in(context.new_page(), site.url)
        page, loaded = context.new_page(), []
        page.on("response", lambda answer, kept=loaded: kept.append(answer))
        page.goto(site.url + path)
        page.wait_for_load_state("load")
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        problems[path] = [(v["id"], [n["html"][:90] for n in v["nodes"]]) for v in found]
        assert page.locator("html").get_attribute("lang") == language
        ended = [answer for answer in loaded if answer.ok and not is_stream(answer)]
        assert sum(len(answer.body()) for answer in ended) <= LIGHT
        # a phone's width: nothing but tables scrolls sideways, and those by themselves
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()

    assert {path: p for path, p in problems.items() if p} == {}


def test_the_policy_lets_our_own_pages_work(site, browser):
    """Nothing of a page is refused, no script of others runs, and filters need no new page."""
    context = browser.new_context(locale="en")
    page = context.new_page()
    complaints, asked = [], []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("dialog", lambda d: complaints.append(d.message))
    page.on("request", lambda r: asked.append(r.url))
    log_in(page, site.url)

    page.goto(f"{site.url}/item?id=reddit:t3_{NUMBER - 1}")
    page.goto(f"{site.url}/items")
    page.evaluate("window.stayed = true")
    page.locator("#q").fill("이야기 77")
    page.locator("main form button.main").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    assert page.evaluate("window.stayed")
    assert "q=" in page.url
    assert complaints == []
    assert [url for url in asked if not url.startswith(site.url)] == []
    context.close()


def test_pages_work_by_keyboard_and_without_script(site, browser):
    context = browser.new_context(locale="en", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/login?next=/items")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.locator("#user").focus()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(password("operator"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/items")
    assert page.locator("tbody tr").count() == 50

    page.goto(f"{site.url}/item?id=reddit:t3_40")
    page.locator("#category").select_option("food")
    page.locator("form.filter button").press("Enter")
    page.wait_for_url("**done=saved")

    assert page.locator("[role=status]").inner_text() == "Saved."
    context.close()


def test_a_job_gets_on_without_a_reload(site, browser):
    """Under the policy as it is; nothing that was counted runs as script."""
    context = browser.new_context(locale="en")
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("dialog", lambda d: complaints.append(d.message))
    log_in(page, site.url)
    jobs = ledger(site.home)
    jobs.add(Job(job="runs", spider="google"))
    jobs.take("runs", "one")
    page.goto(f"{site.url}/job?name=runs")
    page.evaluate("window.stayed = true")

    jobs.beat("runs", pid=1, progress=4321, stats={"item_scraped_count": 4321, EVIL: 1})
    page.locator("[data-live] dd", has_text="4321").first.wait_for()

    assert page.evaluate("window.stayed")
    assert complaints == []
    context.close()

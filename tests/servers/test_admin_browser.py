"""The admin page in a real Chromium: for everybody, light and dark, with and without script."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from playwright.sync_api import Page, Response, expect

from admin.pages.all import GATES
from storage.jobs import Job
from storage.jobs.history import JobHistory
from tests.admin_site import admin_site, password, token_of
from tests.admin_world import EVIL, NUMBER, begin_crawl, draw_job, fill
from tests.conftest import wait_until
from tests.crawl import start_crawl
from tests.graph_site import GraphSite
from tests.oidc_provider import oidc_service, settings
from tests.scrapyd_nodes import ledger
from tests.servers.test_model_typescript import install

AXE = Path(__file__).parents[1] / "axe"
LIGHT = 250 * 1024
"""Bytes that a page may load."""
PAGES = (
    "/", "/items", f"/item?id=reddit:t3_{NUMBER - 1}", "/proposals", "/jobs", "/job?name=evil",
    "/job?name=drawn", "/topics", "/nodes", "/seeds",
    "/seeds/file?name=news", "/engines", "/stores", "/runs",
    "/item/alike?id=reddit:t3_1", "/start", "/schedules", "/frontier", "/work", "/settings",
    "/crawl?name=food", "/audit", "/users", "/nothing-here",
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
    draw_job(home)
    # by a name of its own: for a browser another site than the page's
    with oidc_service("localhost") as service, admin_site(home, **settings(service)) as running:
        yield running


@pytest.fixture(scope="module")
def pages(site):
    """Those of ``PAGES``, a run in the background, and a login that cannot be finished."""
    client = site.client("admin")
    headers = {"X-CSRF-Token": token_of(client)}
    asked = {"items": ["reddit:t3_1"]}
    run = client.post("/api/purge/look", json=asked, headers=headers).json()["run"]
    wait_until(lambda: client.get(f"/api/run?id={run}").json()["state"] == "done", seconds=60)
    return *PAGES, f"/run?id={run}", "/login/oidc/callback?state=of-nobody"


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.locator("#user").fill("admin")
    page.locator("#password").fill(password("admin"))
    page.locator("main button").click()
    page.wait_for_url(f"{url}/")


def is_stream(answer: Response) -> bool:
    """Whether an answer goes on while the page is open: its body is never whole."""
    return answer.headers.get("content-type", "").startswith("text/event-stream")


NO_PAGES = {"/job/log", "/job/live", "/job/tail", "/job/charts", "/thumbnail/{key}"}
"""A file, a stream, parts of a page, a picture."""


def test_every_page_that_there_is_is_looked_at(pages):
    """Whoever adds a page adds it to those that axe-core and Lighthouse look at."""
    there = {route.path for gate in GATES for route in gate.pages.routes if "GET" in route.methods}

    assert there - NO_PAGES - {path.partition("?")[0] for path in pages} == set()


def violations(page: Page, axe: str) -> list[tuple[str, list[str]]]:
    """What axe-core finds on a page, and where."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    return [(v["id"], [n["html"][:90] for n in v["nodes"]]) for v in found]


def fill_start(page: Page, url: str, action: str) -> None:
    """Send the form that starts a crawl, to be tried or shown, and wait for what comes of it."""
    page.goto(f"{url}/start?spider=google")
    page.locator("[name='arg.urls']").fill("https://news.example/?q='$(x)'")
    page.locator(f"button[value={action}]").click()
    page.locator({"try": "th[scope=row]", "show": "pre"}[action]).first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light ko", "dark en"])
def test_every_page_is_accessible_and_light(site, pages, new_context, axe, look):
    """No violation that axe-core finds, nothing refused by the policy, 250 KiB at most.

    What colours do and what words do are apart: two looks show both of each.
    """
    scheme, language = look.split()
    context = new_context(
        color_scheme=scheme,
        locale=language,
        bypass_csp=True,
        viewport={"width": 390, "height": 800},
    )
    problems = {}
    for path in ("/login", *pages):
        if path == "/":
            log_in(context.new_page(), site.url)
        page, loaded, broken = context.new_page(), [], []
        page.on("response", lambda answer, kept=loaded: kept.append(answer))
        page.on("pageerror", lambda error, kept=broken: kept.append(str(error)))
        page.goto(site.url + path)
        page.wait_for_load_state("load")
        problems[path] = violations(page, axe) + broken
        assert page.locator("html").get_attribute("lang") == language
        ended = [answer for answer in loaded if answer.ok and not is_stream(answer)]
        assert sum(len(answer.body()) for answer in ended) <= LIGHT, path
        # a phone's width: nothing but tables scrolls sideways, and those by themselves
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.close()  # or it would go on drawing what comes
    for action in ("try", "show"):
        page = context.new_page()
        fill_start(page, site.url, action)
        problems[action] = violations(page, axe)
    context.close()

    assert {path: p for path, p in problems.items() if p} == {}


def test_the_policy_lets_our_own_pages_work(site, new_context):
    """Nothing of a page is refused, no script of others runs, and filters need no new page."""
    context = new_context(locale="en")
    page = context.new_page()
    complaints, asked = [], []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
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
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill_start(page, site.url, "show")
    page.get_by_role("button", name="Copy: curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    told = page.locator("#line-curl").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == told
    assert complaints == []
    assert [url for url in asked if not url.startswith(site.url)] == []
    context.close()


def test_pages_work_by_keyboard_and_without_script(site, new_context):
    context = new_context(locale="en", java_script_enabled=False)
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


def test_a_login_at_another_site_comes_back_logged_in(site, new_context):
    """The session's cookie is `strict`, and yet it is there when the browser is sent back."""
    context = new_context(locale="en")
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append((m.text, m.location["url"])))
    page.on("pageerror", lambda error: complaints.append((str(error), site.url)))
    page.goto(f"{site.url}/items?category=food")
    page.get_by_role("link", name="Log in at localhost").click()
    page.get_by_role("button", name="Yes").click()  # a form of the other site
    page.wait_for_url(f"{site.url}/items?category=food")

    expect(page.get_by_role("button", name="Log out (oidc:user.")).to_be_visible()
    assert [text for text, url in complaints if url.startswith(site.url)] == []
    page.goto(f"{site.url}/login/oidc/callback?state=a&code=b")
    expect(page.get_by_role("alert")).to_have_text(
        "This login could not be finished: begin it again."
    )
    context.close()


def test_a_job_gets_on_without_a_reload(site, new_context):
    """Under the policy as it is; nothing that was counted runs as script."""
    context = new_context(locale="en")
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda d: complaints.append(d.message))
    log_in(page, site.url)
    jobs = ledger(site.home)
    jobs.add(Job(job="runs", spider="google"))
    jobs.take("runs", "one")
    page.goto(f"{site.url}/job?name=runs")
    page.evaluate("window.stayed = true")

    stats = {"item_scraped_count": 4321, EVIL: 1, "classify/category/food": 7}
    jobs.beat("runs", pid=1, progress=4321, stats=stats)
    page.locator("[data-live] dd", has_text="4321").first.wait_for()
    food = page.locator("[data-chart=categories] [data-series=food]")
    expect(food).to_have_text("7")

    assert page.evaluate("window.stayed")
    assert complaints == []
    context.close()


def points(page: Page) -> int:
    """How many points the charts of a page have."""
    return int(page.locator("[data-charts]").get_attribute("data-drawn") or 0)


def expect_drawn(page: Page, chart: str) -> None:
    """A chart is drawn once it comes into view."""
    page.locator(f"[data-chart={chart}]").scroll_into_view_if_needed()
    expect(page.locator(f"[data-chart={chart}] canvas")).to_be_visible()


def tells_its_first_point(page: Page) -> bool:
    """Whether a chart does, asked by keyboard; not if it was drawn anew between two steps."""
    page.locator("[data-chart=frontier]").focus()
    page.keyboard.press("Home")
    return "UTC" in page.locator("[data-chart=frontier] [data-time]").inner_text()


@pytest.mark.slow
def test_a_real_crawls_charts_and_tree_grow_and_stay(site, new_context):
    """Live, by keyboard, after a reload, and without script once it has ended."""
    jobs, context = ledger(site.home), new_context(locale="en")
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, site.url)
    jobs.add(Job(job="real", spider="graph"))
    jobs.take("real", "one")
    finance = dict.fromkeys(range(1000, 1400), "finance")
    with GraphSite({}, address="127.0.0.2", categories=finance) as far:
        # it lasts while it is watched, however slow the browser, and then lets the charts rest
        links = {n: [n + 1, f"{far.url}/page/{1000 + n}"] for n in range(300)}
        food = dict.fromkeys(range(400), "food")
        with GraphSite(links, categories=food, jitter=0.2) as near:
            crawl = start_crawl(
                "graph", site.home / "real", page=f"{near.url}/page/0", max_depth=400,
                category="food", settings={"SPIDER_MODULES": "tests.spiders", "JOB": "real"},
                env={"GLEANERY_HOME": str(site.home)},
            )  # fmt: skip
            log = site.home / "scrapyd/logs/default/graph/real.log"
            log.parent.mkdir(parents=True)
            log.write_text("the first line\n", encoding="utf-8")
            try:
                page.goto(f"{site.url}/job?name=real")
                pages = page.locator("[data-chart=speed] [data-series=pages]")
                expect_drawn(page, "speed")
                expect(pages).not_to_have_text("–")
                drawn = points(page)
                wait_until(lambda: points(page) > drawn + 2, seconds=60, every_seconds=0.2)
                expect(page.locator("svg.tree text", has_text="127.0.0.2").first).to_be_visible()
                wait_until(lambda: tells_its_first_point(page), seconds=180, every_seconds=0.2)
                wait_until(lambda: len(JobHistory(jobs).read("real")) > 3, seconds=60)
                with log.open("a", encoding="utf-8") as more:
                    more.write("<b>a later line</b>\n")
                expect(page.locator("#log-lines")).to_contain_text("<b>a later line</b>")
            finally:
                crawl.terminate()
                crawl.wait(180)
    jobs.end("real", "finished", node="one")
    page.reload()
    expect_drawn(page, "speed")
    answer = page.request.get(f"{site.url}/api/job/progress?name=real").json()
    branches = page.request.get(f"{site.url}/api/job/branches?name=real").json()

    off = [b for b in branches if b["host"] == "127.0.0.2"]
    assert {b["wanted"] for b in off} == {0}
    assert sum(b["off_topic"] for b in off) > 0
    assert len(answer["at"]) > 3
    assert max(v or 0 for v in answer["charts"][0]["series"]["pages"]) > 0
    assert answer["depths"][0]["done"] == 1
    assert complaints == []
    context.close()

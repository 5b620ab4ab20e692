"""Pictures of the admin page over the sample world: ``python -m tests.screenshots``.

Crawls the sample world for real (``gleanery demo``), serves the admin page over what was found and
takes each in Debian's Chromium: light in English, dark in Korean; ``docs/admin.md`` shows them.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from platforms.web.browser import SYSTEM_BROWSER
from storage import open_store
from storage.jobs import Job, open_jobs
from storage.jobs.job import Node
from storage.work import Rules, open_queue
from tests.admin_site import AdminSite, admin_site, password
from tests.cli import gleanery
from tests.screenshot_crawl import STATS, draw, fill_frontier

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
LOOKS = (("light", "en"), ("dark", "ko"))
WIDTH, HEIGHT = 1100, 760
RUNS = "reddit-now"
"""The job that runs."""
LARGEST = 2 * 10**6
"""Bytes of all pictures together."""


def main() -> int:
    """Take them all; return 0, or 1 if they weigh too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--home", type=Path, help="a HOME of a demo that has been run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if not options.home:
            gleanery(home, "demo", "--home", str(home), timeout=900)
        add_operations(home)
        # the jobs below have no process, and stay as they are
        with admin_site(home, GLEANERY_JOBS_LOST_SECONDS="86400") as site:
            for old in FOLDER.glob("*.webp"):
                old.unlink()
            total = sum(take_all(site, home))
    sys.stdout.write(f"{total} bytes in {FOLDER}\n")
    return 0 if total <= LARGEST else 1


def add_operations(home: Path) -> None:
    """Add what a demo has none of: jobs of a node, work that was given up, topics."""
    gleanery(home, "topics", "--no-model", timeout=300)
    ledger = open_jobs({"STORE": "sqlite"}.get, home)
    ends = (("finished", "finished"), ("failed", "3 of 40 pages failed"), ("cancelled", "shutdown"))
    for number, (state, reason) in enumerate(ends):
        name = f"news-{number}"
        ledger.add(Job(job=name, spider="google", arguments={"profile": "news"}))
        ledger.take(name, "node-1")
        stats = {"response_received_count": 40, "item_scraped_count": 31}
        ledger.beat(name, pid=1, progress=71, stats=stats)
        ledger.end(name, state, node="node-1", reason=reason)  # type: ignore[arg-type]
    ledger.add(Job(job=RUNS, spider="reddit", arguments={"subreddit": "korea"}))
    ledger.take(RUNS, "node-1")
    ledger.beat(RUNS, pid=1, progress=540, stats=STATS | {"frontier/crawl": RUNS})
    asyncio.run(fill_frontier(home / "frontier" / f"{RUNS}.db"))
    draw(ledger, RUNS)
    for name, running in (("node-1", [RUNS]), ("node-2", [])):
        ledger.report(Node(name=name, heartbeat_at="", slots=2, draining=False, running=running))
    ledger.order("node-2", drain=True)
    ledger.close()
    daily = ("korea-daily", "reddit", "subreddit=korea", "--cron", "0 3 * * *")
    gleanery(home, "schedules", "add", *daily, "--zone", "Asia/Seoul")
    with open_queue("", home, Rules(max_attempts=1)) as queue:
        queue.put("youtube:given-up", ["download"])
        for job in queue.lease("worker", 5):
            queue.fail(job.held, "worker", "HTTP 403 from the video site")
        queue.leave("worker")


def take_all(site: AdminSite, home: Path) -> Iterator[int]:
    """Take every page in both looks; yield the bytes of each picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(SYSTEM_BROWSER), args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme, language in LOOKS:
            context = browser.new_context(
                color_scheme=scheme, locale=language,
                viewport={"width": WIDTH, "height": HEIGHT},
            )  # fmt: skip
            page = context.new_page()
            page.goto(f"{site.url}/login")
            yield keep(page, f"login-{language}-{scheme}")
            log_in(page, site.url)
            yield from take_runs(page, site.url, f"{language}-{scheme}")
            yield from take_progress(page, site.url, f"{language}-{scheme}")
            for path in paths(page, home):
                page.goto(site.url + path)
                page.wait_for_load_state("load")
                page.wait_for_timeout(300)  # a part that is asked for once the page is there
                yield keep(page, f"{name_of(path)}-{language}-{scheme}")
            context.close()
        browser.close()


def take_runs(page: Page, url: str, look: str) -> Iterator[int]:
    """Look for what should be mended, and at what a deletion would remove."""
    page.goto(f"{url}/stores")
    page.locator("form[action='/stores/check'] button").first.click()
    page.wait_for_function("!document.querySelector('#run[hx-get]')")
    yield keep(page, f"run-{look}")
    page.goto(f"{url}/items?kind=post")
    page.locator("tbody input[name=item]").first.check()
    page.locator("button[formaction='/purge/look']").click()
    page.locator("form[action='/purge']").wait_for(timeout=60_000)
    yield keep(page, f"purge-{look}")


def take_progress(page: Page, url: str, look: str) -> Iterator[int]:
    """Look at a job's charts and its tree, and at what another would fetch first."""
    page.goto(f"{url}/job?name={RUNS}")
    page.locator("[data-charts]").evaluate("each => each.scrollIntoView()")  # then they are drawn
    page.locator("[data-chart] canvas").first.wait_for(timeout=60_000)
    for part, place in (("charts", "[data-charts]"), ("tree", "svg.tree[role=group]")):
        page.locator(place).evaluate("each => each.scrollIntoView()")
        page.wait_for_timeout(300)
        yield keep(page, f"job-{part}-{look}")
    page.goto(f"{url}/start?spider=google")
    page.locator("[name='arg.urls']").fill("https://news.example/")
    page.locator("button[value=try]").click()
    page.locator("th[scope=row]").first.wait_for(timeout=60_000)
    yield keep(page, f"start-dry-run-{look}")


def log_in(page: Page, url: str) -> None:
    page.locator("#user").fill("admin")
    page.locator("#password").fill(password("admin"))
    page.locator("main button").click()
    page.wait_for_url(f"{url}/")


def paths(page: Page, home: Path) -> list[str]:
    """Return the address of every page: those of the menu, and one of each kind below them."""
    menu = [str(link.get_attribute("href")) for link in page.locator("header nav a").all()]
    with open_store("sqlite", home / "gleanery.db") as store:
        rows = [row for row in store.scan(kinds=("post",)) if row["category"]]
        video = next(iter(store.scan(kinds=("video",))))["identity"]
    identity = rows[0]["identity"] if rows else ""
    return [
        *menu, f"/item?id={identity}", "/job?name=news-1", f"/job?name={RUNS}",
        "/start?spider=google", "/seeds/file?name=news", f"/crawl?name={RUNS}",
        f"/item/alike?id={video}",
    ]  # fmt: skip


def name_of(path: str) -> str:
    """Return what a page's picture is called."""
    if path == f"/job?name={RUNS}":
        return "job-running"
    return re.sub(r"\W+", "-", path.partition("?")[0].strip("/")) or "overview"


def keep(page: Page, name: str) -> int:
    """Keep a picture; return its bytes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.webp"
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(path, "WEBP", quality=60, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())

"""Pages made by JavaScript, through a real Chromium."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from platforms.web.browser import SYSTEM_BROWSER
from tests.conftest import missing_server
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html

SITE = "https://app.example"
SCRIPT = """
fetch("/story.json").then(r => r.json()).then(story => {
  document.title = story.title;
  document.body.innerHTML = "<article><h1>" + story.title + "</h1>" +
    ("<p>" + story.text + "</p>").repeat(3) + "</article><a href='/next'>next</a>" +
    "<img src='/picture.png'>";
});
"""
EMPTY = "<html><head><title>App</title></head><body><div id=root></div>{}</body></html>"


@pytest.fixture
def chromium():
    if not SYSTEM_BROWSER.exists():
        missing_server("chromium")
    return str(SYSTEM_BROWSER)


class App(Web):
    """A page that is empty until its script has run, one that stays empty, and a plain one."""

    def __init__(self) -> None:
        super().__init__()
        text = "The text of this story was not in the page but came later, made by a script. " * 3
        self.put(f"{SITE}/story", EMPTY.format(f"<script>{SCRIPT}</script>"))
        self.put(
            f"{SITE}/story.json",
            f'{{"title": "Made by a script", "text": "{text}"}}',
            kind="application/json",
        )
        self.put(f"{SITE}/empty", EMPTY.format(""))
        self.put(f"{SITE}/plain", article_html("Plain"))
        self.put(f"{SITE}/next", article_html("Next"))
        self.put(f"{SITE}/picture.png", b"\x89PNG", kind="image/png")


def test_a_page_made_by_javascript_becomes_an_article(tmp_path, chromium):
    """Only what gives no text is rendered, once; its links are followed, pictures left out."""
    web = App()
    addresses = tmp_path / "urls.txt"
    addresses.write_text("\n".join(f"{SITE}/{name}" for name in ("story", "empty", "plain")))
    with MitmProxy(web) as proxy:
        result = scrapy_crawl(
            "google",
            tmp_path,
            settings={"WEB_PROXY": proxy.url},
            env={"GLEANERY_PLAYWRIGHT": "true"},
            urls=addresses,
        )

    assert "Traceback" not in result.log, result.log
    rows = {row["url"].removeprefix(SITE): row for row in result.items}
    assert {path: (row["rendered"], row["depth"]) for path, row in rows.items()} == {
        "/story": (True, 1),
        "/plain": (False, 1),
        "/next": (False, 2),
    }
    assert rows["/story"]["title"] == "Made by a script"
    assert "made by a script" in rows["/story"]["text"]
    assert web.times[f"{SITE}/story"] == web.times[f"{SITE}/empty"] == 2
    assert web.times[f"{SITE}/plain"] == 1
    assert f"{SITE}/picture.png" not in web.asked
    assert result.stats["google/render_asked"] == 2
    assert result.stats["google/no_text"] == 1


HOSTILE = """
const inside = "http://127.0.0.2:PORT/secret";
fetch(inside, {mode: "no-cors"}).catch(() => 0);
fetch("/hop", {mode: "no-cors"}).catch(() => 0);
try { new WebSocket("ws://127.0.0.2:PORT/secret"); } catch (e) {}
const frame = document.createElement("iframe");
frame.src = "/hop";
document.body.append(frame);
document.body.insertAdjacentHTML("afterbegin", "<article><h1>Story</h1>" +
  "<p>This text came from a script that tried to read an address inside.</p>".repeat(9) +
  "</article>");
"""


class HostileSite(ThreadingHTTPServer):
    """Listens on every address; ``/hop`` and the second visit of ``/moved`` lead inside."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("0.0.0.0", 0), _HostileHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> HostileSite:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _HostileHandler(BaseHTTPRequestHandler):
    server: HostileSite

    def do_GET(self) -> None:
        visits = self.server.asked.count(self.path)
        self.server.asked.append(self.path)
        port = str(self.server.server_port)
        moved = self.path == "/hop" or (self.path == "/moved" and visits)
        out = EMPTY.format(f"<script>{HOSTILE.replace('PORT', port)}</script>").encode()
        if self.path == "/moved":
            out = EMPTY.format("").encode()
        if self.path == "/secret":
            out = article_html("Secret").encode()
        self.send_response(302 if moved else 404 if self.path == "/robots.txt" else 200)
        if moved:
            self.send_header("location", f"http://127.0.0.2:{port}/secret")
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_: object) -> None:
        pass


def test_no_script_redirect_or_socket_leads_the_browser_inside(tmp_path, chromium):
    """127.0.0.1 is opened, 127.0.0.2 is not: nothing ever asks it for anything."""
    with HostileSite() as site:
        addresses = tmp_path / "urls.txt"
        addresses.write_text(f"{site.url}/app\n{site.url}/moved\n")
        env = {"GLEANERY_PLAYWRIGHT": "true", "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.1/32"}
        result = scrapy_crawl("google", tmp_path, env=env, urls=addresses, max_depth=1)

    assert "/hop" in site.asked
    assert "/secret" not in site.asked
    assert [row["url"] for row in result.items] == [f"{site.url}/app"]
    assert result.stats["google/address_refused"] >= 2
    assert "Traceback" not in result.log, result.log


def test_a_browser_that_is_not_there_is_said_before_the_crawl_begins(tmp_path):
    settings = {"PLAYWRIGHT": True, "PLAYWRIGHT_EXECUTABLE": "/nowhere/chromium"}
    result = scrapy_crawl("google", tmp_path, settings=settings, feed=f"{SITE}/rss")

    assert result.returncode != 0
    assert "There is no browser at /nowhere/chromium" in result.log
    assert "Traceback" not in result.log, result.log
